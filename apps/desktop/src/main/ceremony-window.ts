import { fileURLToPath } from 'node:url'
import { type BrowserWindow, MessageChannelMain, type MessagePortMain, type Session } from 'electron'
import { CEREMONY_CHANNEL } from '../shared/channels.ts'
import { CEREMONY_PAGE } from './origins.ts'
import { hardenedWindow } from './windows.ts'

const PRELOAD = fileURLToPath(new URL('../preload/ceremony.cjs', import.meta.url))
const BLANK = 'about:blank'

type Answer = (port: MessagePortMain | null) => void

/**
 * The window that does one WebAuthn ceremony at a time. It waits hidden on an empty page, so that the prompt appears at once;
 * each ceremony gets a fresh document on the ceremony origin and one MessagePort whose other end goes to the core: main never
 * sees what the security key answered. After it the window is empty and hidden again.
 */
export class CeremonyWindow {
  readonly #window: BrowserWindow
  #current: { id: number; answer: Answer } | null = null
  #quitting = false
  /** The end of the last load of the empty page: Electron reports an aborted load to whichever load is waited for. */
  #emptied: Promise<void> = Promise.resolve()

  constructor(session: Session) {
    this.#window = hardenedWindow(session, PRELOAD, {
      title: 'Countersign: security key',
      width: 440,
      height: 400,
      resizable: false,
      minimizable: false,
      maximizable: false,
      fullscreenable: false,
      alwaysOnTop: true,
    })
    this.#window.on('close', (event) => {
      if (this.#quitting) return
      event.preventDefault()
      this.cancel()
    })
  }

  async prepare(): Promise<void> {
    await this.#window.loadURL(BLANK)
  }

  /** `answer` gets the core's end of the port; null when the window cannot be had or the person closes it. */
  async open(id: number, purpose: string, answer: Answer): Promise<void> {
    if (this.#current !== null) {
      answer(null)
      return
    }
    this.#current = { id, answer }
    try {
      await this.#emptied
      if (this.#current?.id !== id) return
      await this.#window.loadURL(CEREMONY_PAGE)
    } catch {
      // Closed or locked while the page was loading, which has been answered; or the page is not there.
      if (this.#current?.id === id) this.cancel()
      return
    }
    if (this.#current?.id !== id) return
    const { port1, port2 } = new MessageChannelMain()
    this.#window.show()
    this.#window.focus()
    this.#window.webContents.focus()
    this.#window.webContents.postMessage(CEREMONY_CHANNEL, { purpose }, [port2])
    answer(port1)
  }

  /** The core has its result. */
  close(id: number): void {
    if (this.#current?.id !== id) return
    this.#current = null
    this.#empty()
  }

  /** The person closed the window, or the core is gone. */
  cancel(): void {
    const current = this.#current
    this.#current = null
    this.#empty()
    current?.answer(null)
  }

  destroy(): void {
    this.#quitting = true
    if (!this.#window.isDestroyed()) this.#window.destroy()
  }

  #empty(): void {
    if (this.#window.isDestroyed()) return
    this.#window.hide()
    this.#emptied = this.#window.loadURL(BLANK).catch(() => {
      // Aborted by the window's end, or told of the load it replaced: either way no ceremony's page is left.
    })
  }
}
