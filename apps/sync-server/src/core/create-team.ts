import { hashOf } from '@countersign/crypto/verify'
import { emptyProjection, project, verifyEntryAuthor } from '@countersign/ledger/projection'
import type { Head } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { isRefusal, parseBatch } from './parse-batch.ts'
import { type Refusal, refusal } from './refusal.ts'
import type { CreateOutcome, LogEntry } from './store.ts'

/** What is kept of a set-up token. */
export const tokenHash = (token: string): Uint8Array => hashOf('setup-token', new TextEncoder().encode(token))

/** Checks a team's first entry: it makes exactly this team, by itself (the team's id is bound to its creator's key). */
export const checkGenesis = (team: string, bytes: Uint8Array): LogEntry | Refusal => {
  const batch = parseBatch(team, [{ stream: LEDGER, expected: null, entries: [bytes] }])
  if (isRefusal(batch)) return batch
  const entry = batch.parts[0]?.entries[0]
  if (entry === undefined || entry.signed.envelope.type !== 'team.create') return refusal('append.refused')
  const projection = emptyProjection()
  const authored = verifyEntryAuthor(projection, entry.signed)
  if (!authored.ok) return refusal('append.refused', `The first entry does not verify (${authored.code}).`)
  const verdict = project(projection, { envelope: entry.signed.envelope, hash: entry.hash })
  if (!verdict.accepted) return refusal('append.refused', `The first entry does not count (${verdict.code}).`)
  return { id: entry.id, hash: entry.hash, bytes }
}

/** What the store's answer means to whoever creates a team. */
export const createdOr = (outcome: CreateOutcome, genesis: LogEntry): Head | Refusal => {
  switch (outcome) {
    case 'created':
    case 'repeated':
      return { seq: 0, hash: genesis.hash }
    case 'team_exists':
      return refusal('team.exists')
    case 'token_used':
      return refusal(
        'setup.refused',
        'This set-up token was used for another team. Ask whoever runs the server for a new one (COUNTERSIGN_SETUP_TOKEN).',
      )
    case 'token_unknown':
      return refusal('setup.refused')
  }
}
