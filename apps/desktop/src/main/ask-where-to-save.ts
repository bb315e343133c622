import { join } from 'node:path'
import { app, type BrowserWindow, dialog } from 'electron'

/** The system's own dialog, over the app window; null where it was left without an answer. The page never names a path. */
export const askWhereToSave = async (window: BrowserWindow | null, name: string): Promise<string | null> => {
  const options = {
    defaultPath: join(app.getPath('documents'), name),
    filters: [{ name: 'Countersign export', extensions: ['csaudit'] }],
  }
  const answer = await (window === null
    ? dialog.showSaveDialog(options)
    : dialog.showSaveDialog(window, options))
  return answer.canceled || answer.filePath === '' ? null : answer.filePath
}
