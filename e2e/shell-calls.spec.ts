import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { DesktopApp } from './src/desktop-app.ts'
import { APP_PAGE, CEREMONY_PAGE, shellStand } from './src/shell-stand.ts'

// The hardening of the desktop's main process, each guard from the side that is refused: what it takes from windows and sessions.

const stand = shellStand()

test('H8 calls: unknown names, malformed requests and calls of another window are refused', async () => {
  const { app } = stand()
  const codes = await app.window.evaluate(async () => {
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
  expect(codes).toEqual({
    unknown: 'call.unknown',
    inherited: 'call.unknown',
    proto: 'call.unknown',
    notText: 'call.unknown',
    missing: 'call.malformed',
    wrongType: 'call.malformed',
    extra: 'call.malformed',
    nothing: 'call.malformed',
    tooLong: 'call.malformed',
    signing: 'call.wrong_window',
    approve: 'call.wrong_window',
  })
})

test('H8 the app window is told nothing of a signing window’s first half second', async () => {
  const { inPage } = stand()
  expect(await inPage('window.countersign.settled().then(() => "told", (error) => String(error))')).toContain(
    'sender.page',
  )
})

test('H8 senders: a window main did not make, and a known window on another page, are refused', async () => {
  const { app, folder } = stand()
  const preload = join(folder, 'stranger.cjs')
  writeFileSync(
    preload,
    `const { contextBridge, ipcRenderer } = require('electron')
     contextBridge.exposeInMainWorld('invoke', (...all) => ipcRenderer.invoke(...all))`,
  )
  const outcomes = await app.electron.evaluate(
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
          ['countersign:lock'],
          ['countersign:open-console', 'openai'],
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
  expect(outcomes).toHaveLength(6)
  for (const outcome of outcomes) expect(outcome).toContain('sender.unknown')
})

test('H8 senders: the app window under another address is not the app window any more', async () => {
  const { app } = stand()
  const outcome = await app.window.evaluate(async () => {
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
  expect(outcome).toContain('sender.page')
})

test('H9 only the catalogue’s addresses are opened in a browser', async () => {
  const { app } = stand()
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
  const opened: string[] = await app.electron.evaluate(() => Reflect.get(globalThis, 'opened'))
  expect(opened).toHaveLength(1)
  expect(opened[0]).toMatch(/^https:\/\/platform\.openai\.com\//)
})

test('H10 a second instance of a profile ends at once, and reads nothing it was started with', async () => {
  const { folder, inPage } = stand()
  const second = await DesktopApp.start({
    profileDir: join(folder, 'profile'),
    switches: ['countersign-invite:secret'],
  }).then(
    async (unexpected) => {
      await unexpected.close()
      return 'started'
    },
    () => 'ended',
  )
  expect(second).toBe('ended')
  expect(await inPage('typeof window.countersign.call')).toBe('function')
})

test('H11 the pages carry their policy and nothing a page could be framed or read by', async () => {
  const { app } = stand()
  const headers = await app.electron.evaluate(async ({ session }, page) => {
    const response = await session.fromPartition('countersign-app').fetch(page)
    return Object.fromEntries(response.headers)
  }, APP_PAGE)
  expect(headers).toMatchObject({
    'content-security-policy': expect.stringContaining("default-src 'none'"),
    'cross-origin-opener-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
  })
})
