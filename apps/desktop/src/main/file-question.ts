import { type BrowserWindow, dialog, type OpenDialogOptions } from 'electron'

/** Which file the person wants read, asked with the system's own dialog: the page never names a path. Null: none. */
export const askForFile = async (window: BrowserWindow | null): Promise<string | null> => {
  // Env files begin with a dot, and have no ending to filter by.
  const options: OpenDialogOptions = {
    title: 'Choose an env file',
    properties: ['openFile', 'showHiddenFiles'],
  }
  const asked = window === null ? dialog.showOpenDialog(options) : dialog.showOpenDialog(window, options)
  const { canceled, filePaths } = await asked
  return canceled ? null : (filePaths[0] ?? null)
}
