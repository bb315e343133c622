import { setTimeout as sleep } from 'node:timers/promises'
import { APP_PAGE, CEREMONY_PAGE, type ShellStand } from '../src/shell-stand.ts'
import { VirtualKey } from '../src/virtual-key.ts'

// What a page reaches beyond itself: Node, main's bridge, the network, the sessions' files, the person's devices and keys.

/** R-node: what is there of Node and Electron. */
export const namesInPage = ({ inPage }: ShellStand): Promise<string[]> =>
  inPage('["process", "require", "module", "Buffer", "global", "electron"].filter((name) => name in window)')

/** R-bridge: what a call is answered by afterwards. */
export const replaceBridge = async ({ inPage }: ShellStand): Promise<string> => {
  const mine = '() => Promise.resolve({ error: { code: "mine" } })'
  await inPage(
    `(() => { try { window.countersign.call = ${mine} } catch {} ; try { window.countersign = { ...window.countersign, call: ${mine} } } catch {} })()`,
  )
  return inPage('window.countersign.call("no.such", {}).then((answer) => answer.error.code)')
}

/** R-network: ways out, as code that gets the listener's `origin`. */
const WAYS_OUT: Readonly<Record<string, string>> = {
  fetch: `fetch(origin + "/fetch").then(() => "sent", () => "refused")`,
  'fetch without CORS': `fetch(origin + "/no-cors", { mode: "no-cors" }).then(() => "sent", () => "refused")`,
  'fetch of the ceremony origin': `fetch(${JSON.stringify(CEREMONY_PAGE)}, { mode: "no-cors" }).then(() => "sent", () => "refused")`,
  XMLHttpRequest: `new Promise((resolve) => { const x = new XMLHttpRequest(); x.onload = () => resolve("sent"); x.onerror = () => resolve("refused"); x.open("GET", origin + "/xhr"); x.send() })`,
  WebSocket: `new Promise((resolve) => { try { const s = new WebSocket(origin.replace("http", "ws")); s.onopen = () => resolve("sent"); s.onerror = () => resolve("refused") } catch { resolve("refused") } })`,
  EventSource: `new Promise((resolve) => { const e = new EventSource(origin + "/events"); e.onopen = () => resolve("sent"); e.onerror = () => { e.close(); resolve("refused") } })`,
  beacon: `(navigator.sendBeacon(origin + "/beacon"), "asked")`,
  image: `new Promise((resolve) => { const i = new Image(); i.onload = () => resolve("sent"); i.onerror = () => resolve("refused"); i.src = origin + "/image" })`,
  style: `new Promise((resolve) => { const l = document.createElement("link"); l.rel = "stylesheet"; l.href = origin + "/style"; l.onload = () => resolve("sent"); l.onerror = () => resolve("refused"); document.head.append(l) })`,
  prefetch: `(() => { for (const rel of ["prefetch", "preload", "preconnect", "dns-prefetch", "manifest"]) { const l = document.createElement("link"); l.rel = rel; l.href = origin + "/" + rel; document.head.append(l) } return "asked" })()`,
  worker: `new Promise((resolve) => { try { const w = new Worker(origin + "/worker"); w.onerror = () => resolve("refused") } catch { resolve("refused") } })`,
}

/** The ways by which something was sent, as far as the page can tell; the listener hears of the others. */
export const reachOut = async ({ inPage, origin }: ShellStand): Promise<string[]> => {
  const sent: string[] = []
  for (const [way, code] of Object.entries(WAYS_OUT))
    if ((await inPage(`(async (origin) => ${code})(${JSON.stringify(origin)})`)) === 'sent') sent.push(way)
  await sleep(300)
  return sent
}

/** R-sessions: what each session answers, by status or `refused`. */
export const askSessions = ({ app, origin }: ShellStand) =>
  app.electron.evaluate(
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

/** R-permissions */
export const askPermissions = ({ inPage }: ShellStand): Promise<Record<string, string>> =>
  inPage(`(async () => {
    const states = {}
    for (const name of ["geolocation", "notifications", "camera", "microphone", "clipboard-read", "midi", "persistent-storage"])
      states[name] = await navigator.permissions.query({ name }).then((status) => status.state, () => "refused")
    states.asked = await Notification.requestPermission()
    states.media = await navigator.mediaDevices.getUserMedia({ audio: true }).then(() => "given", () => "refused")
    states.display = await navigator.mediaDevices.getDisplayMedia().then(() => "given", () => "refused")
    states.clipboard = await navigator.clipboard.readText().then(() => "given", () => "refused")
    states.position = await new Promise((resolve) => navigator.geolocation.getCurrentPosition(() => resolve("given"), () => resolve("refused")))
    return states
  })()`)

/** R-own-ceremony: with a key that is plugged in and touched at once, so that only a guard can refuse. */
export const askForKey = async ({ app, inPage }: ShellStand): Promise<Record<string, string>> => {
  const cdp = await app.window.context().newCDPSession(app.window)
  const key = await VirtualKey.plugIn(cdp, { prf: 'prf' })
  const outcomes = await inPage<Record<string, string>>(`(async () => {
    const user = { id: new Uint8Array(16), name: "x", displayName: "x" }
    const challenge = new Uint8Array(32)
    const pubKeyCredParams = [{ type: "public-key", alg: -7 }]
    const authenticatorSelection = { residentKey: "required", userVerification: "required" }
    const create = (rp) => navigator.credentials.create({ publicKey: { rp, user, challenge, pubKeyCredParams, authenticatorSelection, timeout: 2000 } })
      .then(() => "given", (error) => error.name)
    return {
      own: await create({ name: "x" }),
      ceremonys: await create({ name: "x", id: "unlock.countersign.invalid" }),
      asserted: await navigator.credentials.get({ publicKey: { challenge, timeout: 2000 } }).then(() => "given", (error) => error.name),
    }
  })()`)
  await key.unplug()
  return outcomes
}

/** R-script: which of the ways made script of a text. */
export const textToScript = ({ app }: ShellStand): Promise<string[]> =>
  app.window.evaluate(
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
