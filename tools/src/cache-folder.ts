import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'

/** The user's own cache folder for this project, made if missing (0700), never inside the repository. */
export async function cacheFolder(): Promise<string> {
  const configured = process.env.XDG_CACHE_HOME
  // The XDG base directory specification says to ignore a relative path.
  const base = configured && isAbsolute(configured) ? configured : join(homedir(), '.cache')
  const folder = join(base, 'countersign')
  await mkdir(folder, { recursive: true, mode: 0o700 })
  return folder
}
