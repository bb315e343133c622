import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { app, type BrowserWindow, dialog } from 'electron'

/** Where the person wants exports, asked with the system's own dialog: the page never names a path. */
export class SavePlaces {
  #last: string | null = null

  /** Null where the dialog was left without an answer. */
  async ask(window: BrowserWindow | null, name: string): Promise<string | null> {
    const options = {
      defaultPath: join(app.getPath('documents'), name),
      filters: [{ name: 'Countersign export', extensions: ['csaudit'] }],
    }
    const asked = window === null ? dialog.showSaveDialog(options) : dialog.showSaveDialog(window, options)
    const { canceled, filePath } = await asked
    this.#last = canceled || filePath === '' ? null : filePath
    return this.#last
  }

  /** A core that was killed while it wrote leaves its unfinished file, named `.part`, which nobody will finish. */
  async removeUnfinished(): Promise<void> {
    if (this.#last !== null) await rm(`${this.#last}.part`, { force: true })
    this.#last = null
  }
}
