import { accessOf, activeMember, holds, readersOf } from '@countersign/ledger/projection-lookup'
import { compartmentStream } from '@countersign/schema/ids'
import type { Access, CompartmentEpoch, Cut } from '@countersign/schema/membership'
import type { Level } from '@countersign/schema/policy'
import { newCompartmentEpoch, type Recipient, wrapCompartmentKeys } from '../keys/epochs.ts'
import { type Author, currentKeys, type HeadOf, holderKeys } from '../team/author.ts'

/** What somebody shall be allowed in an environment. */
export interface AccessChange {
  readonly environment: string
  readonly level: Level
  readonly approve: boolean
}

const has = (level: Level) => ({ value: level === 'hold', meta: level !== 'none' })

/** Access with the keys that `subject` lacks so far, sealed to them. The author must have those keys. */
export const accessRecords = (
  author: Author,
  subject: Recipient,
  changes: readonly AccessChange[],
): Access[] =>
  changes.map(({ environment, level, approve }) => {
    const before = has(accessOf(author.projection, environment, subject.member).level)
    const after = has(level)
    const loses = (before.value && !after.value) || (before.meta && !after.meta)
    const gains = (!before.value && after.value) || (!before.meta && after.meta)
    if (loses || !gains) return { environment, level, approve, wrap: null }
    const keys = after.value ? holderKeys(author, environment) : currentKeys(author, environment)
    const wrap = wrapCompartmentKeys(author.team, environment, keys.epoch, keys, {
      ...subject,
      holds: after.value,
    })
    return { environment, level, approve, wrap }
  })

/** A new epoch of an environment the author holds, for everybody who may read it once `subject` is at `level` (P4). */
export const nextEpoch = (
  author: Author,
  environment: string,
  change: { subject: string; level: Level } | null,
): CompartmentEpoch => {
  const record = author.projection.environments.get(environment)
  const { epoch, meta, value } = holderKeys(author, environment)
  const readers = record === undefined ? new Map<string, Level>() : readersOf(record)
  if (change !== null) {
    if (change.level === 'none') readers.delete(change.subject)
    else readers.set(change.subject, change.level)
  }
  const recipients = [...readers].flatMap(([member, level]) => {
    const kemKey = activeMember(author.projection, member)?.kemKey
    return kemKey === undefined ? [] : [{ member, kemKey, holds: level === 'hold' }]
  })
  return newCompartmentEpoch(author.team, environment, epoch + 1, recipients, { meta, value }).record
}

/** Environments where a change takes a key away: cuts for all of them, new epochs where the author holds (P4, P5). */
export const rekeyFor = (
  author: Author,
  subject: string,
  losing: readonly { environment: string; level: Level }[],
  headOf: HeadOf,
): { epochs: CompartmentEpoch[]; cuts: Cut[] } => ({
  cuts: losing.map(({ environment }) => ({ environment, head: headOf(compartmentStream(environment)) })),
  epochs:
    author.member === subject
      ? []
      : losing
          .filter(({ environment }) => holds(author.projection, environment, author.member))
          .map(({ environment, level }) => nextEpoch(author, environment, { subject, level })),
})

/** The changes among `changes` that take a key from `subject`. */
export const losses = (
  author: Author,
  subject: string,
  changes: readonly AccessChange[],
): { environment: string; level: Level }[] =>
  changes.filter(({ environment, level }) => {
    const before = has(accessOf(author.projection, environment, subject).level)
    const after = has(level)
    return (before.value && !after.value) || (before.meta && !after.meta)
  })
