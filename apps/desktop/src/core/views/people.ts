import { membersWith, readersOf } from '@countersign/ledger/projection-lookup'
import type { LedgerState } from '@countersign/ledger/state'
import type { EnvironmentId, MemberId } from '@countersign/schema/ids'
import type { Level } from '@countersign/schema/policy'
import type { PersonView } from '../../shared/views.ts'

export const nameOf = (ledger: LedgerState, member: MemberId): string =>
  ledger.names.members.get(member) ?? 'somebody unknown'

export const personView = (ledger: LedgerState, member: MemberId): PersonView => ({
  member,
  name: nameOf(ledger, member),
})

/** `vault / environment`, as people read it. */
export const placeName = (ledger: LedgerState, environment: EnvironmentId): string => {
  const record = ledger.projection.environments.get(environment)
  const vault = record === undefined ? undefined : ledger.names.vaults.get(record.vault)
  return `${vault ?? '?'} / ${ledger.names.environments.get(environment) ?? '?'}`
}

export const peopleAt = (ledger: LedgerState, environment: EnvironmentId, level: Level): PersonView[] => {
  const record = ledger.projection.environments.get(environment)
  if (record === undefined) return []
  return [...readersOf(record)]
    .filter(([, each]) => each === level)
    .map(([member]) => personView(ledger, member))
}

export const approversOf = (ledger: LedgerState, environment: EnvironmentId): PersonView[] => {
  const record = ledger.projection.environments.get(environment)
  if (record === undefined) return []
  return [...record.access]
    .filter(
      ([member, steps]) =>
        steps.at(-1)?.approve === true && ledger.projection.members.get(member)?.removedAt === null,
    )
    .map(([member]) => personView(ledger, member))
}

export const isAuditor = (ledger: LedgerState, member: MemberId): boolean =>
  membersWith(ledger.projection, 'auditor').some((each) => each.member === member)
