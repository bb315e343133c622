import { expect, test } from '@playwright/test'
import {
  callFromStrangeWindow,
  callUnderAnotherAddress,
  openConsoles,
  startAgain,
  strangeCalls,
} from './hostile/calling.ts'
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
import { APP_PAGE, CEREMONY_PAGE } from './src/shell-stand.ts'
import { weakenedStand } from './src/weakened-stand.ts'

// The attacks of `shell-page.spec.ts` and `shell-calls.spec.ts` once more, each against an app without the guards that stand before
// it. There it must succeed, or the tests over there show nothing. Which guards: `attacks/src/elsewhere.ts`. Where rows share an app,
// whatever loses the window's page or its core stands last.

const SIGNING_PAGE = 'https://app.countersign.invalid/renderer/signing.html'

test.describe(() => {
  const stand = weakenedStand('R-node', 'R-bridge')

  test('R-node succeeds without isolation, sandbox and the refusal of Node', async () => {
    expect(await namesInPage(stand())).toEqual(['process', 'require', 'module', 'Buffer', 'global'])
  })

  test('R-bridge succeeds with a bridge in the page’s own world', async () => {
    expect(await replaceBridge(stand())).toBe('mine')
    // The rest of the bridge is main's: what was replaced is the real one.
    expect(await stand().inPage('typeof window.countersign.lock')).toBe('function')
  })
})

test.describe(() => {
  const stand = weakenedStand('R-network', 'R-windows', 'R-leave')

  test('R-network succeeds without content policy and filter of requests', async () => {
    expect(await reachOut(stand())).toContain('fetch of the ceremony origin')
    // A worker of a foreign origin is Chromium's to refuse.
    const ways = ['fetch', 'no-cors', 'xhr', 'events', 'image', 'style', 'prefetch'].map(
      (way) => `GET /${way}`,
    )
    await expect
      .poll(() => stand().heard)
      .toEqual(expect.arrayContaining([...ways, 'UPGRADE /', 'POST /beacon']))
  })

  test('R-windows succeeds without the refusal of windows, frames and webviews', async () => {
    expect(await openWindows(stand())).toEqual(['https://example.com', CEREMONY_PAGE])
    await embed(stand())
    const embedded = ['GET /embed', 'GET /frame', 'GET /object', 'GET /webview']
    await expect.poll(() => [...stand().heard].sort()).toEqual(embedded)
    const opened = (): string[] =>
      stand()
        .app.electron.windows()
        .map((window) => window.url())
    await expect.poll(opened).toEqual(expect.arrayContaining(['https://example.com/', CEREMONY_PAGE]))
  })

  test('R-leave succeeds without the refusal of navigation and redirects, and what is behind it', async () => {
    const { app, heard, origin } = stand()
    for (const what of ['link', 'form'] as const) {
      await clickAndSend(stand(), what)
      await expect.poll(() => app.window.url()).toBe(`${origin}/${what}`)
      await app.window.goto(APP_PAGE)
    }
    for (const to of [SIGNING_PAGE, 'https://example.com/', `${origin}/redirected`])
      expect((await redirect(stand(), to)).shows).toBe(to)
    expect(heard).toEqual(['GET /link', 'POST /form', 'GET /redirected'])
  })
})

test.describe(() => {
  const stand = weakenedStand('R-script', 'R-navigate')

  test('R-script succeeds without script policy and trusted types', async () => {
    expect(await textToScript(stand())).toEqual([
      'eval',
      'Function',
      'innerHTML',
      'html',
      'script',
      'handler',
      'timer',
      'policy',
    ])
    await expect.poll(() => stand().app.window.evaluate(() => 'ran' in window)).toBe(true)
  })

  test('R-navigate succeeds without the refusal of navigation and the return and script policy behind it', async () => {
    const { window } = stand().app
    // The two others are kept from every page by Chromium itself.
    const ours = LEAVING_TO.filter((target) => !/^(file|data):/.test(target))
    expect(ours).toHaveLength(5)
    for (const target of ours) {
      await leaveFor(stand(), target)
      if (target.startsWith('javascript:')) await expect.poll(() => window.title()).toBe('moved')
      else await expect.poll(() => window.url()).toBe(target)
      await window.goto(APP_PAGE)
    }
  })
})

test.describe(() => {
  const stand = weakenedStand('R-sessions', 'R-own-ceremony', 'R-console', 'R-strange-window')

  test('R-sessions succeeds without filter of requests, refusal of files and folders of the origins', async () => {
    const reached = { plain: '200', file: '200', crossed: '200', crossedBack: '200' }
    expect(await askSessions(stand())).toMatchObject(reached)
    expect(stand().heard).toEqual(['GET /session'])
  })

  test('R-own-ceremony succeeds without the policy that leaves security keys to the ceremony page', async () => {
    // The ceremony origin's credentials are kept from it by Chromium all the same.
    expect(await askForKey(stand())).toEqual({ own: 'given', ceremonys: 'SecurityError', asserted: 'given' })
  })

  test('R-console succeeds without the look into the catalogue', async () => {
    expect(await openConsoles(stand())).toContain('https://example.com')
  })

  test('R-strange-window succeeds without the list of windows that main made', async () => {
    expect((await callFromStrangeWindow(stand())).slice(0, 3)).toEqual(['heard', 'heard', 'heard'])
  })
})

test.describe(() => {
  const stand = weakenedStand('R-permissions', 'R-moved-window', 'R-calls')

  test('R-permissions succeeds without the refusal of permissions', async () => {
    // Whether there is a camera, and somebody who looks at the window, is the machine's.
    expect(await askPermissions(stand())).toMatchObject({
      geolocation: 'granted',
      notifications: 'granted',
      camera: 'granted',
      microphone: 'granted',
      'clipboard-read': 'granted',
      midi: 'granted',
      'persistent-storage': 'granted',
      asked: 'granted',
    })
  })

  test('R-moved-window succeeds without the comparison of the sender’s page', async () => {
    expect(await callUnderAnotherAddress(stand())).toBe('heard')
  })

  test('R-calls succeeds without schemas and the look at which window calls', async () => {
    const codes = await strangeCalls(stand())
    expect(codes).toMatchObject({ extra: 'answered', nothing: 'answered' })
    // The rest is heard by its handler, which finds no team or no request here.
    const { missing, wrongType, tooLong, signing, approve } = codes
    for (const code of [missing, wrongType, tooLong, signing, approve])
      expect(code).toMatch(/^(team|invite|signing)\./)
  })
})

test.describe(() => {
  const stand = weakenedStand('R-second')

  test('R-second succeeds without the lock of one instance a profile', async () => {
    expect(await startAgain(stand())).toBe('started')
  })
})
