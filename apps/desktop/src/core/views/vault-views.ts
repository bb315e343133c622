import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { accessOf, activeMembers, atLeast } from '@countersign/ledger/projection-lookup'
import { INITIAL_POLICY } from '@countersign/schema/policy'
import type { EnvironmentView, PersonView, VaultView } from '../../shared/views.ts'
import { personView } from './people.ts'

export const environmentView = (session: UnlockedSession, environment: string): EnvironmentView => {
  const { ledger, member } = session
  const record = ledger.projection.environments.get(environment)
  const policy = ledger.policies.get(environment)
  const mine = accessOf(ledger.projection, environment, member)
  const people = (wanted: (access: ReturnType<typeof accessOf>) => boolean): PersonView[] =>
    activeMembers(ledger.projection)
      .filter((each) => wanted(accessOf(ledger.projection, environment, each.member)))
      .map((each) => personView(ledger, each.member))
  return {
    environment,
    vault: record?.vault ?? '',
    name: ledger.names.environments.get(environment) ?? '?',
    level: mine.level,
    approve: mine.approve,
    policy: policy?.policy ?? INITIAL_POLICY,
    policyVersion: policy?.version ?? 0,
    rekeyDue: record?.rekeyDue ?? false,
    items: session.index(environment)?.size ?? 0,
    holders: people(({ level }) => level === 'hold'),
    approvers: people(({ approve }) => approve),
    requesters: people(({ level }) => level === 'request'),
  }
}

/** A vault; of its environments a person who is no admin is shown those they have something to do with. */
export const vaultView = (session: UnlockedSession, vault: string): VaultView => {
  const { projection, names } = session.ledger
  const admin = projection.members.get(session.member)?.roles.includes('admin') === true
  return {
    vault,
    name: names.vaults.get(vault) ?? '',
    environments: [...projection.environments.values()]
      .filter((each) => each.vault === vault)
      .filter(
        ({ environment }) =>
          admin || atLeast(accessOf(projection, environment, session.member).level, 'view'),
      )
      .map(({ environment }) => environmentView(session, environment)),
  }
}

export const vaultViews = (session: UnlockedSession): VaultView[] =>
  [...session.ledger.projection.vaults].map((vault) => vaultView(session, vault))
