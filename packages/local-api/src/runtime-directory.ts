import { chmod, lstat, mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Discovery } from '@countersign/schema/local-api'
import { LocalApiError } from './local-api-error.ts'

export const SOCKET_NAME = 'agent.sock'
export const DISCOVERY_NAME = 'agent.json'

/** Makes the folder with 0700, or refuses one that others could write to or that is a link. */
export const prepareRuntimeDirectory = async (path: string): Promise<void> => {
  await mkdir(path, { recursive: true, mode: 0o700 })
  const seen = await lstat(path)
  const own = process.getuid?.()
  if (!seen.isDirectory()) throw new LocalApiError('runtime.unsafe', `${path} is not a folder`)
  if (own === undefined) return
  if (seen.uid !== own) throw new LocalApiError('runtime.unsafe', `${path} belongs to another user`)
  if ((seen.mode & 0o077) !== 0) await chmod(path, 0o700)
}

/** Written beside and moved into place: a reader sees the old file or the new one. */
export const writeDiscovery = async (directory: string, discovery: Discovery): Promise<void> => {
  const temporary = join(directory, `.${DISCOVERY_NAME}.${process.pid}`)
  await rm(temporary, { force: true })
  await writeFile(temporary, `${JSON.stringify(discovery)}\n`, { mode: 0o600, flag: 'wx' })
  await rename(temporary, join(directory, DISCOVERY_NAME))
}

export const removeDiscovery = async (directory: string): Promise<void> =>
  rm(join(directory, DISCOVERY_NAME), { force: true })
