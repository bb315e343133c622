import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { accessOf } from '@countersign/ledger/projection-lookup'
import type { EnvironmentId, VaultId } from '@countersign/schema/ids'
import { INITIAL_POLICY } from '@countersign/schema/policy'
import type { EnvironmentView, VaultView } from '../../shared/views.ts'
import { approversOf, peopleAt } from './people.ts'

export const environmentView = (
  session: UnlockedSession,
  environment: EnvironmentId,
): EnvironmentView | undefined => {
  const { ledger } = session
  const record = ledger.projection.environments.get(environment)
  if (record === undefined) return undefined
  const access = accessOf(ledger.projection, environment, session.member)
  const policy = ledger.policies.get(environment)
  return {
    environment,
    vault: record.vault,
    name: ledger.names.environments.get(environment) ?? '?',
    level: access.level,
    approve: access.approve,
    policy: policy?.policy ?? INITIAL_POLICY,
    policyVersion: policy?.version ?? 0,
    rekeyDue: record.rekeyDue,
    items: session.index(environment)?.size ?? 0,
    holders: peopleAt(ledger, environment, 'hold'),
    approvers: approversOf(ledger, environment),
    requesters: peopleAt(ledger, environment, 'request'),
  }
}

/** One vault with every environment in it, in the order of their creation. */
export const vaultView = (session: UnlockedSession, vault: VaultId): VaultView => {
  const environments: EnvironmentView[] = []
  for (const record of session.ledger.projection.environments.values()) {
    if (record.vault !== vault) continue
    const view = environmentView(session, record.environment)
    if (view !== undefined) environments.push(view)
  }
  return { vault, name: session.ledger.names.vaults.get(vault) ?? '?', environments }
}

export const vaultViews = (session: UnlockedSession): VaultView[] =>
  [...session.ledger.projection.vaults].map((vault) => vaultView(session, vault))
