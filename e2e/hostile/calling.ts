import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DesktopApp } from '../src/desktop-app.ts'
import { APP_PAGE, CEREMONY_PAGE, type ShellStand } from '../src/shell-stand.ts'

// What a page asks of main, and how it makes itself heard there.

/** R-calls: the code each call is refused by, or `answered`. */
export const strangeCalls = ({ app }: ShellStand) =>
  app.window.evaluate(async () => {
    const call: (name: string, request: unknown) => Promise<{ ok: boolean; error?: { code: string } }> =
      Reflect.get(window, 'countersign' as string).call
    const codeOf = async (name: string, request: unknown): Promise<string> =>
      call(name, request).then(
        (answer) => answer.error?.code ?? 'answered',
        (error) => String(error),
      )
    const id = '00'.repeat(16)
    return {
      unknown: await codeOf('vault.decrypt', {}),
      inherited: await codeOf('constructor', {}),
      proto: await codeOf('__proto__', {}),
      notText: await codeOf(Object.assign([], ['status.get']) as never, {}),
      missing: await codeOf('item.get', {}),
      wrongType: await codeOf('item.get', { item: 7 }),
      extra: await codeOf('status.get', { all: true }),
      nothing: await codeOf('status.get', null),
      tooLong: await codeOf('invite.read', { link: 'x'.repeat(5000) }),
      signing: await codeOf('signing.get', {}),
      approve: await codeOf('signing.approve', { request: id, requestHash: 'ab', terms: null }),
    }
  })

/** R-strange-window: what a window that main did not make hears from each channel, on each origin's page. */
export const callFromStrangeWindow = async ({ app, folder }: ShellStand): Promise<string[]> => {
  const preload = join(folder, 'stranger.cjs')
  writeFileSync(
    preload,
    `const { contextBridge, ipcRenderer } = require('electron')
     contextBridge.exposeInMainWorld('invoke', (...all) => ipcRenderer.invoke(...all))`,
  )
  return app.electron.evaluate(
    async ({ BrowserWindow, session }, { preload, page, ceremony }) => {
      const ask = async (partition: string, url: string): Promise<string[]> => {
        const window = new BrowserWindow({
          show: false,
          webPreferences: { preload, sandbox: true, session: session.fromPartition(partition) },
        })
        await window.loadURL(url)
        const outcomes: string[] = []
        for (const [channel, ...rest] of [
          ['countersign:call', 'status.get', {}],
          ['countersign:open-console', 'openai'],
          ['countersign:lock'],
        ])
          outcomes.push(
            await window.webContents.executeJavaScript(
              `invoke(${[channel, ...rest].map((each) => JSON.stringify(each)).join(',')}).then(() => 'heard', (error) => error.message)`,
            ),
          )
        window.destroy()
        return outcomes
      }
      return [...(await ask('countersign-app', page)), ...(await ask('countersign-ceremony', ceremony))]
    },
    { preload, page: APP_PAGE, ceremony: CEREMONY_PAGE },
  )
}

/** R-moved-window: `heard`, or what the call was refused by. */
export const callUnderAnotherAddress = ({ app }: ShellStand): Promise<string> =>
  app.window.evaluate(async () => {
    const page = window.location.href
    window.history.replaceState({}, '', '/renderer/signing.html')
    const outcome: string = await Reflect.get(window, 'countersign' as string)
      .call('status.get', {})
      .then(
        () => 'heard',
        (error: Error) => error.message,
      )
    window.history.replaceState({}, '', page)
    return outcome
  })

/** R-console: which addresses main opened in a browser. */
export const openConsoles = async ({ app }: ShellStand): Promise<string[]> => {
  await app.electron.evaluate(({ shell }) => {
    Object.assign(globalThis, { opened: [] })
    shell.openExternal = async (url) => {
      Reflect.get(globalThis, 'opened').push(url)
    }
  })
  for (const provider of [
    'https://example.com',
    'file:///etc/passwd',
    'custom',
    '__proto__',
    7,
    null,
    'openai',
  ])
    await app.window.evaluate(
      (provider) => Reflect.get(window, 'countersign' as string).openConsole(provider),
      provider,
    )
  return app.electron.evaluate(() => Reflect.get(globalThis, 'opened'))
}

/** R-second: `started`, or `ended` before it had a window. */
export const startAgain = ({ folder, appFolder }: ShellStand): Promise<string> =>
  DesktopApp.start({
    profileDir: join(folder, 'profile'),
    arguments: ['countersign-invite:secret'],
    ...(appFolder === undefined ? {} : { folder: appFolder }),
  }).then(
    async (unexpected) => {
      await unexpected.close()
      return 'started'
    },
    () => 'ended',
  )
