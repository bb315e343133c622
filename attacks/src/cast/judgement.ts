import { REFUSALS } from '@countersign/ledger/refusal'
import { decodeEntry } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import type { LedgerBody, LedgerEntryType, LedgerPlain } from '@countersign/schema/ledger-entries'
import { type Finding, refused } from '../attack.ts'
import { forgeLedger } from '../double/forge.ts'
import type { HostileServer } from '../double/hostile-server.ts'
import type { Actor } from './actor.ts'
import { until } from './until.ts'

/** The alarm of an installation as what refused an attack; null where it sounds none. */
export const alarmed = (actor: Actor): Finding | null =>
  actor.alarm === null ? null : refused(actor.alarm.code, actor.alarm.message)

/** Whether an installation's reducer has come to an entry: it remembers what it refused, and takes in the order of the stream. */
export const hasJudged = (actor: Actor, entry: Uint8Array): boolean => {
  const { stream, seq, id } = decodeEntry(entry).envelope
  if (actor.session.verdict(id) !== undefined) return true
  if (stream === LEDGER) return actor.session.ledger.hashes.length > seq
  return (actor.replica.head(stream)?.seq ?? -1) >= seq
}

/**
 * Waits until somebody's installation has judged an entry: by an alarm, or by the reducer's verdict, which the audit shows beside the
 * entry. Null: it counts.
 */
export const judgementOf = async (actor: Actor, entry: Uint8Array): Promise<Finding | null> => {
  const { id } = decodeEntry(entry).envelope
  await until(`${actor.name} has judged the entry`, () => actor.alarm !== null || hasJudged(actor, entry))
  const sounded = alarmed(actor)
  if (sounded !== null) return sounded
  const verdict = actor.session.verdict(id)
  return verdict === undefined || verdict.accepted ? null : refused(verdict.code, REFUSALS[verdict.code])
}

/** Somebody's pen, with the team key they have; and the server that hands on what they write. */
export interface Forgery {
  readonly server: Pick<HostileServer, 'timeline' | 'push'>
  readonly pen: Parameters<typeof forgeLedger>[0]
  readonly teamKey: Parameters<typeof forgeLedger>[2]
}

/** Writes a ledger entry by hand, has the server push it, and waits for what `reader`'s installation makes of it. Null: it counts. */
export const judgementOfForged = <T extends LedgerEntryType>(
  reader: Actor,
  { server, pen, teamKey }: Forgery,
  type: T,
  plain: Omit<LedgerPlain<T>, 'teamKeyEpoch'>,
  body: LedgerBody<T>,
): Promise<Finding | null> => {
  const entry = forgeLedger(pen, server.timeline, teamKey, type, plain, body)
  server.push(server.timeline, LEDGER, entry)
  return judgementOf(reader, entry)
}
