import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { app, type BrowserWindow, dialog } from 'electron'

/** Where the person wants exports, asked with the system's own dialog: the page never names a path. */
export class SavePlaces {
  #open = false
  readonly #chosen = new Set<string>()

  /** Null where the dialog was left without an answer, or one is open already: a page that asks in a loop opens no second one. */
  async ask(window: BrowserWindow | null, name: string): Promise<string | null> {
    if (this.#open) return null
    this.#open = true
    const options = {
      defaultPath: join(app.getPath('documents'), name),
      filters: [{ name: 'Countersign export', extensions: ['csaudit'] }],
    }
    try {
      const asked = window === null ? dialog.showSaveDialog(options) : dialog.showSaveDialog(window, options)
      const { canceled, filePath } = await asked
      if (canceled || filePath === '') return null
      this.#chosen.add(filePath)
      return filePath
    } finally {
      this.#open = false
    }
  }

  /** A core that was killed while it wrote leaves its unfinished file, named `.part`, which nobody will finish. */
  async removeUnfinished(): Promise<void> {
    const chosen = [...this.#chosen]
    this.#chosen.clear()
    await Promise.all(chosen.map((path) => rm(`${path}.part`, { force: true })))
  }
}
