import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { RP_ORIGIN } from '@countersign/crypto/rp'
import type { FromCeremony, ToCeremony } from '@countersign/desktop/shared/ceremony-wire'
import { CEREMONY_CHANNEL } from '@countersign/desktop/shared/channels'
import type { BrowserContext, Page } from 'playwright'
import { fromJson, toJson } from './bytes-json.ts'

const PAGES = new URL('../../apps/desktop/out/renderer/', import.meta.url)
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript', css: 'text/css' }

/** Answers the ceremony origin from the built pages, as the desktop's main process does. */
export const serveCeremonyPage = async (context: BrowserContext): Promise<void> => {
  await context.route(`${RP_ORIGIN}/**`, async (route) => {
    const { pathname } = new URL(route.request().url())
    const contentType = TYPES[pathname.slice(pathname.lastIndexOf('.') + 1)]
    if (!/^\/ceremony\/[A-Za-z0-9_-]+\.[a-z]+$/.test(pathname) || contentType === undefined)
      return route.fulfill({ status: 404 })
    return route.fulfill({ contentType, body: await readFile(fileURLToPath(new URL(`.${pathname}`, PAGES))) })
  })
}

/** Loads a fresh ceremony document and hands it a port, as main's preload does; `port` in the page is the core's end. */
export const openCeremony = async (page: Page, purpose: string): Promise<void> => {
  await page.goto(`${RP_ORIGIN}/ceremony/ceremony.html`)
  await page.evaluate(
    ({ channel, purpose }) => {
      const { port1, port2 } = new MessageChannel()
      Object.assign(window, { port: port1 })
      window.postMessage({ channel, purpose }, window.location.origin, [port2])
    },
    { channel: CEREMONY_CHANNEL, purpose },
  )
}

/** Sends to the page over the port. */
export const sendToCeremony = (page: Page, message: ToCeremony): Promise<void> =>
  page.evaluate(
    ({ json }) => {
      const revive = (value: unknown): unknown => {
        if (Array.isArray(value)) return value.map(revive)
        if (typeof value !== 'object' || value === null) return value
        if ('$bytes' in value)
          return Uint8Array.from(atob(String(value.$bytes)), (each) => each.charCodeAt(0))
        return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revive(each)]))
      }
      const port: unknown = Reflect.get(window, 'port')
      if (port instanceof MessagePort) port.postMessage(revive(JSON.parse(json)))
    },
    { json: JSON.stringify(toJson(message)) },
  )

/** The first message the page sends over its port. */
export const ceremonyAnswer = async (page: Page): Promise<FromCeremony> => {
  const answer = await page.evaluate((): Promise<string> => {
    const write = (value: unknown): unknown => {
      if (value instanceof Uint8Array) return { $bytes: btoa(String.fromCharCode(...value)) }
      if (Array.isArray(value)) return value.map(write)
      if (typeof value !== 'object' || value === null) return value
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, write(each)]))
    }
    const port: unknown = Reflect.get(window, 'port')
    if (!(port instanceof MessagePort)) throw new Error('no ceremony is open')
    return new Promise((resolve) => {
      port.onmessage = ({ data }) => resolve(JSON.stringify(write(data)))
    })
  })
  return fromJson(JSON.parse(answer)) as FromCeremony
}

/** One whole ceremony on a fresh document. */
export const runCeremonyIn = async (page: Page, request: ToCeremony): Promise<FromCeremony> => {
  await openCeremony(page, 'Test')
  await sendToCeremony(page, request)
  return ceremonyAnswer(page)
}
