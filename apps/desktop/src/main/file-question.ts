import { type BrowserWindow, dialog, type OpenDialogOptions } from 'electron'

/** Asks the person which file to read, with the system's own dialog: the page never names a path. */
export class FileQuestion {
  #open = false

  /** Null where the dialog was left without an answer, or one is open already: a page that asks in a loop opens no second one. */
  async ask(window: BrowserWindow | null): Promise<string | null> {
    if (this.#open) return null
    this.#open = true
    // Env files begin with a dot, and have no ending to filter by.
    const options: OpenDialogOptions = {
      title: 'Choose an env file',
      properties: ['openFile', 'showHiddenFiles'],
    }
    try {
      const asked = window === null ? dialog.showOpenDialog(options) : dialog.showOpenDialog(window, options)
      const { canceled, filePaths } = await asked
      return canceled ? null : (filePaths[0] ?? null)
    } finally {
      this.#open = false
    }
  }
}
