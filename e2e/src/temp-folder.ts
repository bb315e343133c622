import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of this user's own, and how to remove it. */
export const tempFolder = (): { path: string; remove(): void } => {
  const path = mkdtempSync(join(tmpdir(), 'countersign-e2e-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}
