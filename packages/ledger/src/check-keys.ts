import type { MemberId } from '@countersign/schema/ids'
import type { AuditKeyEpoch, CompartmentEpoch, Cut, TeamKeyEpoch, Wrap } from '@countersign/schema/membership'
import type { Level } from '@countersign/schema/policy'
import { currentAuditKey, currentTeamKey } from './projection-lookup.ts'
import type { EnvironmentRecord, Projection } from './projection-record.ts'
import type { RefusalCode } from './refusal.ts'

const exactly = (wraps: readonly Wrap[], recipients: readonly MemberId[]): boolean => {
  const sealed = new Set(wraps.map((wrap) => wrap.member))
  return (
    sealed.size === wraps.length &&
    sealed.size === recipients.length &&
    recipients.every((each) => sealed.has(each))
  )
}

/** L20: the next number, the chain to the one before, sealed for exactly `recipients`. */
export const checkTeamKey = (
  projection: Projection,
  key: TeamKeyEpoch,
  recipients: readonly MemberId[],
): RefusalCode | null => {
  const next = projection.teamKeys.length === 0 ? 0 : (currentTeamKey(projection)?.epoch ?? -1) + 1
  if (key.epoch !== next) return 'team_key.number'
  if ((key.previous === null) !== (next === 0)) return 'team_key.previous'
  return exactly(key.wraps, recipients) ? null : 'team_key.wrong_recipients'
}

/** L21: as L20, for the auditors and nobody else. */
export const checkAuditKey = (
  projection: Projection,
  key: AuditKeyEpoch,
  auditors: readonly MemberId[],
): RefusalCode | null => {
  const next = projection.auditKeys.length === 0 ? 0 : (currentAuditKey(projection)?.epoch ?? -1) + 1
  if (key.epoch !== next) return 'audit_key.number'
  if ((key.previous === null) !== (next === 0)) return 'audit_key.previous'
  return exactly(key.wraps, auditors) ? null : 'audit_key.wrong_recipients'
}

/** L22: the meta key for exactly the readers, the value key for exactly the holders among them, and at least one holder. */
export const checkCompartmentEpoch = (
  epoch: CompartmentEpoch,
  expected: number,
  readers: ReadonlyMap<MemberId, Level>,
): RefusalCode | null => {
  if (epoch.epoch !== expected) return 'epoch.number'
  const first = expected === 0
  if ((epoch.previousMeta === null) !== first || (epoch.previousValue === null) !== first)
    return 'epoch.previous'
  const sealed = new Map(epoch.wraps.map((wrap) => [wrap.member, wrap.value !== null]))
  if (sealed.size !== epoch.wraps.length || sealed.size !== readers.size) return 'epoch.wrong_recipients'
  let holders = 0
  for (const [member, level] of readers) {
    if (sealed.get(member) !== (level === 'hold')) return 'epoch.wrong_recipients'
    if (level === 'hold') holders += 1
  }
  return holders === 0 ? 'epoch.no_holder' : null
}

/** L40: a cut never lies before an earlier cut of its compartment. */
export const checkCut = (environment: EnvironmentRecord, cut: Cut): RefusalCode | null => {
  const before = environment.cuts.at(-1)?.head?.seq ?? -1
  return (cut.head?.seq ?? -1) < before ? 'cut.backwards' : null
}
