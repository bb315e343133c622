import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { DesktopApp } from './desktop-app.ts'
import { tempFolder } from './temp-folder.ts'

export const APP_PAGE = 'https://app.countersign.invalid/renderer/index.html'
export const CEREMONY_PAGE = 'https://unlock.countersign.invalid/ceremony/ceremony.html'

/** The app as it starts, and somebody who listens on this machine: whatever a page tries, they must hear nothing. */
export interface ShellStand {
  readonly app: DesktopApp
  readonly folder: string
  /** The listener's origin. */
  readonly origin: string
  /** What was asked of the listener since the test began. */
  readonly heard: string[]
  /** Runs in the page as its own scripts do: what the debugger evaluates directly is exempt from the content policy. */
  inPage<T>(code: string): Promise<T>
}

const listen = async (heard: string[]): Promise<{ listener: Server; origin: string }> => {
  const listener = createServer((request, response) => {
    heard.push(`${request.method} ${request.url}`)
    response.end('heard')
  })
  listener.on('upgrade', (request, socket) => {
    heard.push(`UPGRADE ${request.url}`)
    socket.destroy()
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  const address = listener.address()
  if (address === null || typeof address === 'string') throw new Error('no address')
  return { listener, origin: `http://127.0.0.1:${address.port}` }
}

/** One stand for all tests of a file, each of which leaves the window where it was. */
export const shellStand = (): (() => ShellStand) => {
  const folder = tempFolder()
  const heard: string[] = []
  let stand: ShellStand | null = null
  let listener: Server | null = null
  const standing = (): ShellStand => {
    if (stand === null) throw new Error('the app was not started')
    return stand
  }
  test.beforeAll(async () => {
    const listening = await listen(heard)
    listener = listening.listener
    const app = await DesktopApp.start({ profileDir: join(folder.path, 'profile'), tryOut: true })
    const inPage = <T>(code: string): Promise<T> =>
      app.window.evaluate(
        ({ code }) =>
          new Promise<T>((resolve, reject) => {
            const run = Object.getPrototypeOf(async () => undefined).constructor(`return ${code}`)
            setTimeout(() => run().then(resolve, reject), 0)
          }),
        { code },
      )
    stand = { app, folder: folder.path, origin: listening.origin, heard, inPage }
  })
  test.afterAll(async () => {
    await stand?.app.close()
    listener?.close()
    folder.remove()
  })
  test.beforeEach(() => {
    heard.length = 0
  })
  test.afterEach(async () => {
    // Nothing a page did moved the window elsewhere or opened another.
    expect(standing().app.window.url().split('#')[0]).toBe(APP_PAGE)
  })
  return standing
}
