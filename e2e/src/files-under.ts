import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Paths of the ordinary files under `folder` whose bytes match. Files that vanish meanwhile are not there to match. */
export const readFilesUnder = (folder: string, matches: (bytes: Buffer) => boolean): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => {
      try {
        return matches(readFileSync(path))
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
        throw cause
      }
    })
