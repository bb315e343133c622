import { copyFile, link, mkdir, readdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { prepareElectron } from '@countersign/tools/electron-runtime'

/**
 * The Electron of these tests under a product's name: by its executable's name Electron tells whether it is packaged. Without a
 * release's fuses, which keep every debugger out and so this test too (`tools/src/release-fuses.int.test.ts`).
 */
export const packagedRuntime = async (folder: string): Promise<string> => {
  const { executable } = await prepareElectron()
  const packaged = join(folder, 'countersign')
  await mkdir(folder)
  for (const name of await readdir(dirname(executable))) {
    const original = join(dirname(executable), name)
    if (original !== executable) await symlink(original, join(folder, name))
  }
  // Its own name and no link to it, which Electron would see through.
  await link(executable, packaged).catch(() => copyFile(executable, packaged))
  return packaged
}
