import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { LedgerState } from '@countersign/ledger/state'
import type { PersonView } from '../../shared/views.ts'

export const personName = (ledger: LedgerState, member: string): string =>
  ledger.names.members.get(member) ?? 'somebody unknown'

export const personOf = (ledger: LedgerState, member: string): PersonView => ({
  member,
  name: personName(ledger, member),
})

export const environmentName = (ledger: LedgerState, environment: string): string =>
  ledger.names.environments.get(environment) ?? 'unknown environment'

export const vaultOf = (ledger: LedgerState, environment: string): string =>
  ledger.projection.environments.get(environment)?.vault ?? ''

export const vaultName = (ledger: LedgerState, environment: string): string =>
  ledger.names.vaults.get(vaultOf(ledger, environment)) ?? 'unknown vault'

/** `vault/environment`, as in references. */
export const placeName = (ledger: LedgerState, environment: string): string =>
  `${vaultName(ledger, environment)}/${environmentName(ledger, environment)}`

/** An item's name and provider where this member may see them. */
export const itemName = (
  session: UnlockedSession,
  environment: string,
  item: string,
): { name: string; provider: string } => {
  const meta = session.index(environment)?.get(item)?.meta
  return { name: meta?.name ?? 'a credential you may not see', provider: meta?.provider ?? 'custom' }
}
