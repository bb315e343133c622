import type { KeyPair } from '@countersign/crypto/key-pair'
import { currentTeamKey } from '@countersign/ledger/projection-lookup'
import type { Projection } from '@countersign/ledger/projection-record'
import type { CborValue } from '@countersign/schema/canonical'
import type { Head } from '@countersign/schema/entry'
import {
  compartmentStream,
  type EnvironmentId,
  LEDGER,
  newId,
  type StreamName,
} from '@countersign/schema/ids'
import type { ItemDelete, ItemPut } from '@countersign/schema/item'
import type { LedgerBody, LedgerEntryType, LedgerPlain } from '@countersign/schema/ledger-entries'
import { ClientError } from '../client-error.ts'
import { keyFault } from '../keys/key-fault.ts'
import type { KeyProblem, KeyRing } from '../keys/key-ring.ts'
import { sealBody } from './entry-body.ts'

/** An entry before it has a place in its stream. */
export interface EntryDraft {
  readonly stream: StreamName
  readonly type: string
  readonly id: string
  readonly plain: Record<string, CborValue>
  readonly body: Uint8Array | null
}

/** Heads of streams as of an attempt to append. */
export type HeadOf = (stream: StreamName) => Head | null

/** Who writes, with what keys, on top of which verified state. Everything built here is judged by the reducer again. */
export interface Author {
  readonly team: string
  readonly member: string
  readonly device: string
  readonly ring: KeyRing
  readonly projection: Projection
  /** The member's signing key: ledger and compartment entries. */
  readonly sign: KeyPair
}

const noKey = (
  author: Author,
  key: KeyProblem['key'],
  environment: EnvironmentId | null,
  what: string,
): ClientError => {
  const problem = author.ring.problems.findLast(
    (each) => each.key === key && each.environment === environment,
  )
  if (problem !== undefined) return keyFault(problem)
  return new ClientError('keys.missing', `This member has no ${what}.`, {
    fix: 'Sync with the server; if it stays, ask an admin to look at your access.',
  })
}

/** A ledger entry, its body sealed under the current team key. `id`: of an intent that may be replayed (P19). */
export const ledgerDraft = <T extends LedgerEntryType>(
  author: Author,
  type: T,
  plain: Omit<LedgerPlain<T>, 'teamKeyEpoch'>,
  body: LedgerBody<T>,
  id: string = newId(),
): EntryDraft => {
  const epoch = currentTeamKey(author.projection)?.epoch
  const key = epoch === undefined ? null : author.ring.teamKey(epoch)
  if (epoch === undefined || key === null) throw noKey(author, 'team-key', null, 'team key')
  return {
    stream: LEDGER,
    type,
    id,
    plain: { ...plain, teamKeyEpoch: epoch } as Record<string, CborValue>,
    body: sealBody<T>(author.team, id, epoch, key, body),
  }
}

export const itemDraft = (
  environment: EnvironmentId,
  entry: { type: 'item.put'; plain: ItemPut } | { type: 'item.delete'; plain: ItemDelete },
  id: string = newId(),
): EntryDraft => ({
  stream: compartmentStream(environment),
  type: entry.type,
  id,
  plain: { ...entry.plain },
  body: null,
})

/** The keys of an environment's current epoch as this member has them; throws `keys.missing` where `needs` are not there. */
export const currentKeys = (author: Author, environment: EnvironmentId) => {
  const epoch = author.projection.environments.get(environment)?.epochs.at(-1)?.epoch
  const meta = epoch === undefined ? null : author.ring.metaKey(environment, epoch)
  if (epoch === undefined || meta === null)
    throw noKey(author, 'meta-key', environment, 'key of this environment')
  return { epoch, meta, value: author.ring.valueKey(environment, epoch) }
}

/** As `currentKeys`, for somebody who holds the environment. */
export const holderKeys = (author: Author, environment: EnvironmentId) => {
  const { epoch, meta, value } = currentKeys(author, environment)
  if (value === null) throw noKey(author, 'value-key', environment, 'value key of this environment')
  return { epoch, meta, value }
}
