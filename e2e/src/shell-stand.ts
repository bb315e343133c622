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
  /** Where it is not the built app. */
  readonly appFolder: string | undefined
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

/** @param appFolder another app than the built one */
export const openStand = async (
  folder: string,
  appFolder?: string,
): Promise<ShellStand & { close(): Promise<void> }> => {
  const heard: string[] = []
  const { listener, origin } = await listen(heard)
  const app = await DesktopApp.start({
    profileDir: join(folder, 'profile'),
    tryOut: true,
    ...(appFolder === undefined ? {} : { folder: appFolder }),
  })
  const inPage = <T>(code: string): Promise<T> =>
    app.window.evaluate(
      ({ code }) =>
        new Promise<T>((resolve, reject) => {
          const run = Object.getPrototypeOf(async () => undefined).constructor(`return ${code}`)
          setTimeout(() => run().then(resolve, reject), 0)
        }),
      { code },
    )
  const close = async (): Promise<void> => {
    await app.close()
    listener.close()
  }
  return { app, folder, appFolder, origin, heard, inPage, close }
}

/** One stand for all tests of a file or group; `start` gets a folder of its own. */
export const sharedStand = (
  start: (folder: string) => Promise<ShellStand & { close(): Promise<void> }>,
): (() => ShellStand) => {
  const folder = tempFolder()
  let stand: Awaited<ReturnType<typeof start>> | null = null
  const standing = (): ShellStand => {
    if (stand === null) throw new Error('the app was not started')
    return stand
  }
  test.beforeAll(async () => {
    stand = await start(folder.path)
  })
  test.afterAll(async () => {
    await stand?.close()
    folder.remove()
  })
  test.beforeEach(() => {
    standing().heard.length = 0
  })
  return standing
}

/** The app as built, which each test leaves where it was. */
export const shellStand = (): (() => ShellStand) => {
  const stand = sharedStand((folder) => openStand(folder))
  test.afterEach(async () => {
    // Nothing a page did moved the window elsewhere or opened another.
    expect(stand().app.window.url().split('#')[0]).toBe(APP_PAGE)
  })
  return stand
}
