import { fileURLToPath } from 'node:url'
import { app, BrowserWindow, type BrowserWindowConstructorOptions, type Session } from 'electron'
import { EVENT_CHANNEL } from '../shared/channels.ts'
import type { CoreEvent } from '../shared/contract.ts'
import { APP_PAGE, SIGNING_PAGE } from './origins.ts'
import type { KnownWindow } from './sender.ts'
import { SigningGuard } from './signing-guard.ts'

const BLANK = 'about:blank'
const BRIDGE = fileURLToPath(new URL('../preload/bridge.cjs', import.meta.url))

/** The same for every window: no Node, its own JavaScript world, Chromium's sandbox, no way to a developer tool once packaged. */
export const hardenedWindow = (
  session: Session,
  preload: string,
  more: BrowserWindowConstructorOptions,
): BrowserWindow =>
  new BrowserWindow({
    show: false,
    autoHideMenuBar: true,
    backgroundColor: '#101318',
    ...more,
    webPreferences: {
      session,
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      v8CacheOptions: 'none',
      devTools: !app.isPackaged,
    },
  })

/** The app window and the signing windows, and what main knows of each by the id of its contents. */
export class Windows {
  readonly known = new Map<number, KnownWindow>()
  readonly #session: Session
  readonly #signing = new Map<string, BrowserWindow>()
  #app: BrowserWindow | null = null
  /** A signing window cannot ask for the status, and must show whether its keys are software. */
  #status: CoreEvent | null = null

  constructor(session: Session) {
    this.#session = session
  }

  get app(): BrowserWindow | null {
    return this.#app
  }

  async openApp(): Promise<BrowserWindow> {
    const window = hardenedWindow(this.#session, BRIDGE, {
      title: 'Countersign',
      width: 1280,
      height: 820,
      minWidth: 880,
      minHeight: 600,
    })
    this.#app = window
    this.#protect(window)
    this.#register(window, { kind: 'app', page: APP_PAGE })
    window.once('ready-to-show', () => window.show())
    window.once('closed', () => {
      this.#app = null
    })
    await window.loadURL(APP_PAGE)
    return window
  }

  /** One window a request: asked for again, it comes to the front and its half second starts again. */
  async openSigning(request: string): Promise<void> {
    const open = this.#signing.get(request)
    if (open !== undefined) {
      open.show()
      open.focus()
      return
    }
    const window = hardenedWindow(this.#session, BRIDGE, {
      title: 'Countersign: review and sign',
      width: 640,
      height: 780,
      minWidth: 520,
      minHeight: 560,
      fullscreenable: false,
    })
    this.#signing.set(request, window)
    this.#protect(window)
    const guard = new SigningGuard()
    const known: KnownWindow = { kind: 'signing', page: SIGNING_PAGE, request, guard }
    this.#register(window, known)
    window.on('show', () => guard.shown(performance.now()))
    window.on('hide', () => guard.hidden())
    window.webContents.on('did-finish-load', () => {
      if (this.#status !== null) window.webContents.send(EVENT_CHANNEL, this.#status)
    })
    window.once('ready-to-show', () => window.show())
    window.once('closed', () => this.#signing.delete(request))
    await window.loadURL(SIGNING_PAGE)
  }

  closeSigning(): void {
    for (const window of [...this.#signing.values()]) window.destroy()
  }

  /** Gives the app window another process and ends the one that may have shown values: what a page held goes with its process. */
  async forgetApp(): Promise<void> {
    const window = this.#app
    if (window === null || window.isDestroyed()) return
    const former = window.webContents.getOSProcessId()
    // The page's opener policy puts whatever follows it into a process of its own; `#register` gives the window its page back.
    await window.loadURL(BLANK).catch(() => undefined)
    if (window.isDestroyed()) return
    if (window.webContents.getOSProcessId() === former) {
      window.webContents.forcefullyCrashRenderer()
      await window.loadURL(APP_PAGE)
    } else if (app.getAppMetrics().some(({ pid, type }) => pid === former && type === 'Tab'))
      process.kill(former, 'SIGKILL')
  }

  broadcast(event: CoreEvent): void {
    if (event.type === 'status') this.#status = event
    for (const window of [this.#app, ...this.#signing.values()])
      if (window !== null && !window.isDestroyed()) window.webContents.send(EVENT_CHANNEL, event)
  }

  #register(window: BrowserWindow, known: KnownWindow): void {
    const { id } = window.webContents
    this.known.set(id, known)
    // The one navigation that asks nobody (about:blank) empties the window and its calls are refused; it gets its page back.
    window.webContents.on('did-navigate', (_event, url) => {
      if (url.split(/[?#]/)[0] !== known.page) void window.loadURL(known.page)
    })
    window.once('closed', () => this.known.delete(id))
  }

  /** Values may be on screen: kept out of screenshots and recordings where the system can (not on Linux). */
  #protect(window: BrowserWindow): void {
    window.setContentProtection(true)
  }
}
