import type { EnvironmentId, MemberId } from '@countersign/schema/ids'
import type { CompartmentEpoch, Cut } from '@countersign/schema/membership'
import type { Level } from '@countersign/schema/policy'
import { checkCompartmentEpoch } from './check-keys.ts'
import { currentEpoch, holds, readersOf } from './projection-lookup.ts'
import type { EnvironmentRecord, Projection } from './projection-record.ts'
import type { RefusalCode } from './refusal.ts'

/** Somebody loses keys of these environments: new epochs for those the author holds, a cut for every one. */
export interface Rekey {
  readonly author: MemberId
  /** Who loses keys. */
  readonly subject: MemberId
  /** Environment → the level that is left. */
  readonly losing: ReadonlyMap<EnvironmentId, Level>
  readonly epochs: readonly CompartmentEpoch[]
  readonly cuts: readonly Cut[]
}

const readersAfter = (
  environment: EnvironmentRecord,
  subject: MemberId,
  level: Level,
): Map<MemberId, Level> => {
  const readers = readersOf(environment)
  if (level === 'none') readers.delete(subject)
  else readers.set(subject, level)
  return readers
}

/** L23, L40: cuts for exactly the affected environments, wherever earlier ones lie, so that a false one stands in nobody's way (L19); an epoch only where affected, by a holder other than the one who loses. */
export const checkRekey = (projection: Projection, rekey: Rekey): RefusalCode | null => {
  const cut = new Set(rekey.cuts.map((each) => each.environment))
  if (cut.size !== rekey.cuts.length || cut.size !== rekey.losing.size) return 'cut.wrong_environments'
  for (const each of rekey.cuts) {
    const environment = projection.environments.get(each.environment)
    if (environment === undefined || !rekey.losing.has(each.environment)) return 'cut.wrong_environments'
  }
  const seen = new Set<EnvironmentId>()
  for (const epoch of rekey.epochs) {
    const environment = projection.environments.get(epoch.environment)
    const level = rekey.losing.get(epoch.environment)
    if (environment === undefined || level === undefined || seen.has(epoch.environment))
      return 'epoch.not_affected'
    seen.add(epoch.environment)
    if (rekey.author === rekey.subject || !holds(projection, epoch.environment, rekey.author)) {
      return 'epoch.author_lacks_key'
    }
    const expected = (currentEpoch(environment)?.epoch ?? -1) + 1
    const code = checkCompartmentEpoch(epoch, expected, readersAfter(environment, rekey.subject, level))
    if (code !== null) return code
  }
  return null
}

/** Makes `epoch` the environment's current one, as of the ledger entry `seq`. */
export const applyEpoch = (environment: EnvironmentRecord, epoch: CompartmentEpoch, seq: number): void => {
  environment.epochs.push({
    epoch: epoch.epoch,
    startedAt: seq,
    metaCommitment: epoch.metaCommitment,
    valueCommitment: epoch.valueCommitment,
    previousMeta: epoch.previousMeta,
    previousValue: epoch.previousValue,
  })
  environment.wrapsAt = new Map(epoch.wraps.map((wrap) => [wrap.member, seq]))
  environment.rekeyDue = false
}

export const applyCut = (environment: EnvironmentRecord, cut: Cut, seq: number): void => {
  environment.cuts.push({ at: seq, head: cut.head, minEpoch: (currentEpoch(environment)?.epoch ?? -1) + 1 })
}

/** Cuts first (they count from the epoch before), then the new epochs; what has none is due. Access steps are the caller's. */
export const applyRekey = (projection: Projection, rekey: Rekey, seq: number): void => {
  for (const cut of rekey.cuts) {
    const environment = projection.environments.get(cut.environment)
    if (environment === undefined) continue
    applyCut(environment, cut, seq)
    environment.rekeyDue = true
    if (rekey.losing.get(cut.environment) === 'none') environment.wrapsAt.delete(rekey.subject)
  }
  for (const epoch of rekey.epochs) {
    const environment = projection.environments.get(epoch.environment)
    if (environment !== undefined) applyEpoch(environment, epoch, seq)
  }
}
