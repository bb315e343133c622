import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { equalBytes, randomBytes } from '@countersign/crypto/verify'
import { tokenHash } from './core/create-team.ts'
import type { TeamStore } from './core/store.ts'

/** Where a generated set-up token waits for whoever creates the first team; only the server's user can read it. */
export const setupTokenFile = (dataFile: string): string => join(dirname(dataFile), 'setup-token')

/**
 * Admits the configured token, or makes one while no team was ever created. Returns a newly generated token, which is also written
 * (0600) next to the data file; null otherwise.
 */
export const admitSetupToken = async (
  teams: TeamStore,
  dataFile: string,
  configured: string | null,
): Promise<string | null> => {
  if (configured !== null) {
    await teams.admitToken(tokenHash(configured))
    return null
  }
  if (!(await teams.needsToken())) return null
  const token = Buffer.from(randomBytes(24)).toString('base64url')
  // Written before it is admitted: a crash between the two leaves a token that is made again, not one that nobody knows.
  writeFileSync(setupTokenFile(dataFile), `${token}\n`, { mode: 0o600 })
  await teams.admitToken(tokenHash(token))
  return token
}

/** A token that was used opens nothing any more: its file goes. The file of another token stays. */
export const forgetSetupToken = (dataFile: string, usedHash: Uint8Array): void => {
  const file = setupTokenFile(dataFile)
  if (!existsSync(file)) return
  if (equalBytes(tokenHash(readFileSync(file, 'utf8').trim()), usedHash)) rmSync(file, { force: true })
}
