import { setTimeout as sleep } from 'node:timers/promises'
import { CEREMONY_PAGE, type ShellStand } from '../src/shell-stand.ts'

// How a page leaves its window, or opens another. Performed against the app as built, and against one that lacks the guards.

/** How long a test of a refusal waits for what must not come; the controls wait for what comes. */
const IN_TIME_MS = 250

export const LEAVING_TO = [
  'https://example.com/',
  CEREMONY_PAGE,
  'https://app.countersign.invalid/renderer/signing.html',
  'file:///etc/passwd',
  'data:text/html,<b>x</b>',
  'about:blank',
  'javascript:void(document.title="moved")',
] as const

/** R-navigate */
export const leaveFor = async ({ inPage }: ShellStand, target: string): Promise<void> => {
  await inPage(`(() => { window.location.href = ${JSON.stringify(target)} })()`).catch(() => undefined)
  await sleep(IN_TIME_MS)
}

/** R-leave: by what is clicked and sent in the page. */
export const clickAndSend = async ({ app, origin }: ShellStand, what: 'link' | 'form'): Promise<void> => {
  await app.window.evaluate(
    ({ origin, what }) => {
      const link = document.createElement('a')
      link.href = `${origin}/link`
      const form = document.createElement('form')
      form.action = `${origin}/form`
      form.method = 'post'
      document.body.append(link, form)
      if (what === 'link') link.click()
      else form.submit()
      link.remove()
      form.remove()
    },
    { origin, what },
  )
  await sleep(IN_TIME_MS)
}

/** R-leave: by whoever serves a window its page. Returns what that server was asked for, and where the window is then. */
export const redirect = ({ app }: ShellStand, to: string): Promise<{ asked: string[]; shows: string }> =>
  app.electron.evaluate(
    async ({ BrowserWindow, session }, { to }) => {
      const { protocol } = session.fromPartition('countersign-redirected')
      const asked: string[] = []
      protocol.handle('https', ({ url }) => {
        asked.push(url)
        return url.endsWith('/from')
          ? new Response(null, { status: 302, headers: { location: to } })
          : new Response('there', { headers: { 'content-type': 'text/html' } })
      })
      const window = new BrowserWindow({
        show: false,
        webPreferences: { partition: 'countersign-redirected', sandbox: true },
      })
      await window.loadURL('https://app.countersign.invalid/from').catch(() => undefined)
      const shows = window.webContents.getURL()
      window.destroy()
      protocol.unhandle('https')
      return { asked, shows }
    },
    { to },
  )

/** R-windows: which of the page's windows came about. */
export const openWindows = ({ inPage }: ShellStand): Promise<string[]> =>
  inPage(
    `${JSON.stringify(['https://example.com', CEREMONY_PAGE])}.filter((url) => window.open(url) !== null)`,
  )

/** R-windows: what else shows a page within a page; the listener hears of what was loaded. */
export const embed = async ({ app, origin }: ShellStand): Promise<void> => {
  await app.window.evaluate(
    ({ origin, ceremony }) => {
      for (const [name, src] of [
        ['iframe', `${origin}/frame`],
        ['iframe', ceremony],
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
      }
    },
    { origin, ceremony: CEREMONY_PAGE },
  )
  await sleep(IN_TIME_MS)
}
