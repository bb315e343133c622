import { expect, test } from '@playwright/test'
import { clickAndSend, embed, LEAVING_TO, leaveFor, openWindows, redirect } from './hostile/leaving.ts'
import {
  askForKey,
  askPermissions,
  askSessions,
  namesInPage,
  reachOut,
  replaceBridge,
  textToScript,
} from './hostile/reaching.ts'
import { APP_PAGE, shellStand } from './src/shell-stand.ts'

// The hardening of the desktop's windows, each guard from the side that is refused: what a page can do by itself. The attacks lie in
// `hostile/`; `shell-controls.spec.ts` shows that each of them succeeds where its guards are missing.

const stand = shellStand()

test('H1 the page has no Node, no Electron and exactly the bridge', async () => {
  expect(await namesInPage(stand())).toEqual([])
  expect(await stand().inPage('Object.keys(window.countersign).sort()')).toEqual([
    'call',
    'lock',
    'onEvent',
    'openConsole',
    'settled',
  ])
})

test('H1 the bridge cannot be replaced by the page', async () => {
  expect(await replaceBridge(stand())).toBe('call.unknown')
  expect(await stand().inPage('typeof window.countersign.lock')).toBe('function')
})

test('H2 every renderer is sandboxed, isolated and without Node', async () => {
  const { app } = stand()
  const preferences = await app.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().map((window) => {
      const read: unknown = Reflect.get(window.webContents, 'getLastWebPreferences')
      return typeof read === 'function' ? (read.call(window.webContents) as Record<string, unknown>) : {}
    }),
  )
  expect(preferences.length).toBeGreaterThanOrEqual(2)
  for (const each of preferences)
    expect(each).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
    })
})

for (const target of LEAVING_TO)
  test(`H3 navigation to ${target.slice(0, 40)} is refused`, async () => {
    const { app, inPage } = stand()
    await leaveFor(stand(), target)
    await expect.poll(() => app.window.url().split('#')[0]).toBe(APP_PAGE)
    await expect
      .poll(() => inPage('typeof window.countersign.call').catch(() => 'navigating'))
      .toBe('function')
    expect(await app.window.title()).not.toBe('moved')
  })

test('H3 a link, a form and a redirect lead nowhere', async () => {
  const { app, heard, origin } = stand()
  for (const what of ['link', 'form'] as const) {
    await clickAndSend(stand(), what)
    expect(app.window.url().split('#')[0]).toBe(APP_PAGE)
  }
  for (const to of [
    'https://app.countersign.invalid/renderer/signing.html',
    'https://example.com/',
    `${origin}/redirected`,
  ])
    expect(await redirect(stand(), to)).toEqual({
      asked: ['https://app.countersign.invalid/from'],
      shows: '',
    })
  expect(heard).toEqual([])
})

test('H4 no window, frame or webview is opened', async () => {
  const { app, heard } = stand()
  const before = app.electron.windows().length
  expect(await openWindows(stand())).toEqual([])
  await embed(stand())
  expect(heard).toEqual([])
  expect(app.electron.windows()).toHaveLength(before)
})

test('H5 the page reaches no network, by any of the ways there are', async () => {
  expect(await reachOut(stand())).toEqual([])
  expect(stand().heard).toEqual([])
})

test("H5 behind the page's policy the sessions refuse too: foreign hosts, schemes, and each other's pages", async () => {
  expect(await askSessions(stand())).toEqual({
    foreign: expect.stringMatching(/refused|403/),
    plain: 'refused',
    file: expect.stringMatching(/refused|403/),
    crossed: expect.stringMatching(/refused|403/),
    crossedBack: expect.stringMatching(/refused|403/),
    missing: '404',
    own: '200',
  })
  expect(stand().heard).toEqual([])
})

test('H6 no permission is given', async () => {
  for (const [name, state] of Object.entries(await askPermissions(stand())))
    expect.soft(state, name).toMatch(/^(denied|refused)$/)
})

test("H6 the app's page cannot ask for a security key itself, though one is plugged in", async () => {
  expect(await askForKey(stand())).toEqual({
    own: 'NotAllowedError',
    ceremonys: 'NotAllowedError',
    asserted: 'NotAllowedError',
  })
})

test('H7 no text becomes script: eval, inline script and handlers, HTML', async () => {
  expect(await textToScript(stand())).toEqual([])
  expect(await stand().app.window.evaluate(() => 'ran' in window)).toBe(false)
})
