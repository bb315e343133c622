import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'

/** A binding as kept in `$XDG_CONFIG_HOME/countersign/bindings/ID.json` (0600 in a 0700 folder). */
const storedBindingSchema = z.strictObject({
  id: idSchema,
  application: z.string(),
  vault: z.string(),
  environment: z.string(),
  /** Names as asked for. */
  items: z.array(z.string()),
  /** Only one of the two: the claim until the token is fetched. */
  claim: z.string().nullable(),
  token: z.string().nullable(),
  createdAt: z.number(),
  expiresAt: z.number(),
})
export type StoredBinding = z.infer<typeof storedBindingSchema>

const folderIn = (configDir: string): string => join(configDir, 'bindings')
const fileOf = (configDir: string, id: string): string => join(folderIn(configDir), `${id}.json`)

/** Written beside, synced and moved into place. */
export const saveBinding = async (configDir: string, binding: StoredBinding): Promise<void> => {
  const folder = folderIn(configDir)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await chmod(folder, 0o700)
  const temporary = join(folder, `.${binding.id}.${process.pid}`)
  const file = await open(temporary, 'w', 0o600)
  try {
    await file.writeFile(`${JSON.stringify(binding)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, fileOf(configDir, binding.id))
}

export const removeBinding = (configDir: string, id: string): Promise<void> =>
  rm(fileOf(configDir, id), { force: true })

/** All that can be read, newest first. Files that others could read, or that are damaged, are left out and named in `skipped`. */
export const loadBindings = async (
  configDir: string,
): Promise<{ bindings: StoredBinding[]; skipped: string[] }> => {
  const folder = folderIn(configDir)
  const names = await readdir(folder).catch(() => [])
  const bindings: StoredBinding[] = []
  const skipped: string[] = []
  for (const name of names) {
    if (!/^[0-9a-f]{32}\.json$/.test(name)) continue
    const path = join(folder, name)
    try {
      if (((await stat(path)).mode & 0o077) !== 0) throw new Error('readable by others')
      bindings.push(storedBindingSchema.parse(JSON.parse(await readFile(path, 'utf8'))))
    } catch {
      skipped.push(path)
    }
  }
  return { bindings: bindings.sort((a, b) => b.createdAt - a.createdAt), skipped }
}

/** Whether a stored binding was asked for such a reference. */
export const covers = (
  binding: StoredBinding,
  reference: { vault: string; environment: string; item: string },
): boolean =>
  binding.vault === reference.vault &&
  binding.environment === reference.environment &&
  binding.items.includes(reference.item)
