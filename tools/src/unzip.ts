import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { openPromise } from 'yauzl'
import { ToolError } from './tool-error.ts'

const FILE_TYPE = 0o170000
const REGULAR = 0o100000

/**
 * Unpacks files of a zip archive one at a time, with their permissions, without holding more than a chunk in memory.
 *
 * @param place gets an entry's name and says where in `folder` it goes, or undefined to leave it out
 * @returns how many files were written
 * @throws ToolError `electron.archive` for a damaged archive, a name that leaves the folder, or a link
 */
export async function unzip(
  archive: string,
  folder: string,
  place: (name: string) => string | undefined,
): Promise<number> {
  let written = 0
  try {
    // yauzl itself refuses absolute names and names with `..`, and checks the sizes the directory promises.
    const zip = await openPromise(archive, { lazyEntries: true, autoClose: true })
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue
      const target = place(entry.fileName)
      if (target === undefined) continue
      const mode = entry.externalFileAttributes >>> 16
      const type = mode & FILE_TYPE
      if (type !== 0 && type !== REGULAR) throw new Error(`${entry.fileName} is not a plain file`)
      const path = join(folder, target)
      await mkdir(dirname(path), { recursive: true })
      await pipeline(
        await zip.openReadStreamPromise(entry),
        createWriteStream(path, { mode: (mode & 0o755) | 0o600, flags: 'wx' }),
      )
      written += 1
    }
  } catch (cause) {
    throw new ToolError('electron.archive', `${archive} cannot be unpacked: ${String(cause)}`, { cause })
  }
  return written
}
