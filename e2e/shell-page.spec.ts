import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import { APP_PAGE, CEREMONY_PAGE, shellStand } from './src/shell-stand.ts'

// The hardening of the desktop's windows, each guard from the side that is refused: what a page can do by itself.

const stand = shellStand()

test('H1 the page has no Node, no Electron and exactly the bridge', async () => {
  const { inPage } = stand()
  expect(
    await inPage(
      '["process", "require", "module", "Buffer", "global", "electron"].filter((name) => name in window)',
    ),
  ).toEqual([])
  expect(await inPage('Object.keys(window.countersign).sort()')).toEqual([
    'call',
    'lock',
    'onEvent',
    'openConsole',
    'settled',
  ])
})

test('H1 the bridge cannot be replaced by the page', async () => {
  const { inPage } = stand()
  await inPage(
    '(() => { try { window.countersign.call = () => "mine" } catch {} ; try { window.countersign = {} } catch {} })()',
  )
  expect(await inPage('typeof window.countersign.lock')).toBe('function')
  expect(
    await inPage(
      'Promise.resolve(window.countersign.call("no.such", {})).then((answer) => answer.error.code)',
    ),
  ).toBe('call.unknown')
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

for (const target of [
  'https://example.com/',
  CEREMONY_PAGE,
  'https://app.countersign.invalid/renderer/signing.html',
  'file:///etc/passwd',
  'data:text/html,<b>x</b>',
  'about:blank',
  'javascript:document.title="moved"',
])
  test(`H3 navigation to ${target.slice(0, 40)} is refused`, async () => {
    const { app, inPage } = stand()
    await inPage(`(() => { window.location.href = ${JSON.stringify(target)} })()`).catch(() => undefined)
    await sleep(150)
    await expect.poll(() => app.window.url().split('#')[0]).toBe(APP_PAGE)
    await expect
      .poll(() => inPage('typeof window.countersign.call').catch(() => 'navigating'))
      .toBe('function')
    expect(await app.window.title()).not.toBe('moved')
  })

test('H3 a link, a form and a redirect lead nowhere', async () => {
  const { app, heard, origin } = stand()
  await app.window.evaluate((origin) => {
    const link = document.createElement('a')
    link.href = `${origin}/link`
    const form = document.createElement('form')
    form.action = `${origin}/form`
    form.method = 'post'
    document.body.append(link, form)
    link.click()
    form.submit()
    link.remove()
    form.remove()
  }, origin)
  await sleep(200)
  expect(heard).toEqual([])
})

test('H4 no window, frame or webview is opened', async () => {
  const { app, heard, inPage, origin } = stand()
  const before = app.electron.windows().length
  expect(await inPage('window.open("https://example.com") === null')).toBe(true)
  expect(await inPage(`window.open(${JSON.stringify(CEREMONY_PAGE)}) === null`)).toBe(true)
  await app.window.evaluate(
    ({ origin, page }) => {
      for (const [name, src] of [
        ['iframe', `${origin}/frame`],
        ['iframe', page],
        ['webview', `${origin}/webview`],
        ['object', `${origin}/object`],
        ['embed', `${origin}/embed`],
      ] as const) {
        const element = document.createElement(name)
        try {
          element.setAttribute(name === 'object' ? 'data' : 'src', src)
        } catch {
          // Trusted Types refuse the address itself.
        }
        document.body.append(element)
        setTimeout(() => element.remove(), 200)
      }
    },
    { origin, page: APP_PAGE },
  )
  await sleep(300)
  expect(heard).toEqual([])
  expect(app.electron.windows()).toHaveLength(before)
})

test('H5 the page reaches no network, by any of the ways there are', async () => {
  const { heard, inPage, origin } = stand()
  const ways: Record<string, string> = {
    fetch: `fetch(origin + "/fetch").then(() => "sent", () => "refused")`,
    'fetch without CORS': `fetch(origin + "/no-cors", { mode: "no-cors" }).then(() => "sent", () => "refused")`,
    'fetch of the ceremony origin': `fetch(${JSON.stringify(CEREMONY_PAGE)}, { mode: "no-cors" }).then(() => "sent", () => "refused")`,
    XMLHttpRequest: `new Promise((resolve) => { const x = new XMLHttpRequest(); x.onload = () => resolve("sent"); x.onerror = () => resolve("refused"); x.open("GET", origin + "/xhr"); x.send() })`,
    WebSocket: `new Promise((resolve) => { try { const s = new WebSocket(origin.replace("http", "ws")); s.onopen = () => resolve("sent"); s.onerror = () => resolve("refused") } catch { resolve("refused") } })`,
    EventSource: `new Promise((resolve) => { const e = new EventSource(origin + "/events"); e.onopen = () => resolve("sent"); e.onerror = () => { e.close(); resolve("refused") } })`,
    beacon: `(navigator.sendBeacon(origin + "/beacon"), "asked")`,
    image: `new Promise((resolve) => { const i = new Image(); i.onload = () => resolve("sent"); i.onerror = () => resolve("refused"); i.src = origin + "/image" })`,
    style: `new Promise((resolve) => { const l = document.createElement("link"); l.rel = "stylesheet"; l.href = origin + "/style"; l.onload = () => resolve("sent"); l.onerror = () => resolve("refused"); document.head.append(l) })`,
    prefetch: `(() => { for (const rel of ["prefetch", "preload", "preconnect", "dns-prefetch", "manifest"]) { const l = document.createElement("link"); l.rel = rel; l.href = origin + "/" + rel; document.head.append(l); setTimeout(() => l.remove(), 200) } return "asked" })()`,
    worker: `new Promise((resolve) => { try { const w = new Worker(origin + "/worker"); w.onerror = () => resolve("refused") } catch { resolve("refused") } })`,
  }
  for (const [way, code] of Object.entries(ways)) {
    const outcome = await inPage(`(async (origin) => ${code})(${JSON.stringify(origin)})`)
    expect.soft(outcome, way).not.toBe('sent')
  }
  await sleep(300)
  expect(heard).toEqual([])
})

test("H5 behind the page's policy the sessions refuse too: foreign hosts, schemes, and each other's pages", async () => {
  const { app, heard, origin } = stand()
  const outcome = await app.electron.evaluate(
    async ({ session }, { origin, app, ceremony }) => {
      const ask = (partition: string, url: string): Promise<string> =>
        session
          .fromPartition(partition)
          .fetch(url)
          .then(
            (response) => String(response.status),
            () => 'refused',
          )
      return {
        foreign: await ask('countersign-app', 'https://example.com/'),
        plain: await ask('countersign-app', `${origin}/session`),
        file: await ask('countersign-app', 'file:///etc/passwd'),
        crossed: await ask('countersign-app', ceremony),
        crossedBack: await ask('countersign-ceremony', app),
        missing: await ask('countersign-app', 'https://app.countersign.invalid/renderer/nothing.html'),
        own: await ask('countersign-app', app),
      }
    },
    { origin, app: APP_PAGE, ceremony: CEREMONY_PAGE },
  )
  expect(outcome).toEqual({
    foreign: expect.stringMatching(/refused|403/),
    plain: 'refused',
    file: expect.stringMatching(/refused|403/),
    crossed: expect.stringMatching(/refused|403/),
    crossedBack: expect.stringMatching(/refused|403/),
    missing: '404',
    own: '200',
  })
  expect(heard).toEqual([])
})

test('H6 no permission is given', async () => {
  const { inPage } = stand()
  const states = await inPage<Record<string, string>>(`(async () => {
    const states = {}
    for (const name of ["geolocation", "notifications", "camera", "microphone", "clipboard-read", "midi", "persistent-storage"])
      states[name] = await navigator.permissions.query({ name }).then((status) => status.state, () => "refused")
    states.media = await navigator.mediaDevices.getUserMedia({ audio: true }).then(() => "given", () => "refused")
    states.display = await navigator.mediaDevices.getDisplayMedia().then(() => "given", () => "refused")
    states.clipboard = await navigator.clipboard.readText().then(() => "given", () => "refused")
    states.position = await new Promise((resolve) => navigator.geolocation.getCurrentPosition(() => resolve("given"), () => resolve("refused")))
    return states
  })()`)
  for (const [name, state] of Object.entries(states)) expect.soft(state, name).toMatch(/^(denied|refused)$/)
})

test("H6 the app's page cannot ask for a security key itself", async () => {
  const { inPage } = stand()
  const outcome =
    await inPage<string>(`navigator.credentials.get({ publicKey: { challenge: new Uint8Array(32), timeout: 2000 } })
    .then(() => "given", (error) => error.name)`)
  expect(outcome).toMatch(/^(NotAllowedError|SecurityError)$/)
})

test('H7 no text becomes script: eval, inline script and handlers, HTML', async () => {
  const { app } = stand()
  const outcomes = await app.window.evaluate(
    () =>
      new Promise<string[]>((resolve) =>
        // Out of the debugger's call stack, so that the page's policy applies.
        setTimeout(() => {
          const attempts: Record<string, () => unknown> = {
            // biome-ignore lint/security/noGlobalEval: the refusal of eval is what is shown
            eval: () => globalThis.eval('1'),
            Function: () => new Function('return 1')(),
            innerHTML: () => {
              document.createElement('div').innerHTML = '<b>x</b>'
            },
            html: () => document.body.insertAdjacentHTML('beforeend', '<b>x</b>'),
            script: () => {
              document.createElement('script').textContent = 'window.ran = true'
            },
            handler: () => document.createElement('div').setAttribute('onclick', 'window.ran = true'),
            timer: () => Reflect.apply(setTimeout, window, ['window.ran = true', 0]),
            policy: () =>
              Reflect.get(window, 'trustedTypes').createPolicy('mine', {
                createHTML: (text: string) => text,
              }),
          }
          const ran: string[] = []
          for (const [name, attempt] of Object.entries(attempts))
            try {
              attempt()
              ran.push(name)
            } catch {
              // Refused, as it should be.
            }
          resolve(ran)
        }, 0),
      ),
  )
  expect(outcomes).toEqual([])
  expect(await app.window.evaluate(() => 'ran' in window)).toBe(false)
})
