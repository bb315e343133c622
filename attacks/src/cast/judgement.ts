import { REFUSALS } from '@countersign/ledger/refusal'
import { decodeEntry } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { type Finding, refused } from '../attack.ts'
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
