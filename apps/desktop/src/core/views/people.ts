import { membersWith } from '@countersign/ledger/projection-lookup'
import type { LedgerState } from '@countersign/ledger/state'
import type { EnvironmentId, MemberId } from '@countersign/schema/ids'
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

export const isAuditor = (ledger: LedgerState, member: MemberId): boolean =>
  membersWith(ledger.projection, 'auditor').some((each) => each.member === member)
