// Test-only: the team most tests start from.
import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import type { Policy } from '@countersign/schema/policy'
import { type EnvironmentFixture, policyOf, quorumOf } from './ledger-author.ts'
import { Person } from './person.ts'
import { TestTeam } from './team.ts'

export interface Company {
  readonly team: TestTeam
  /** Admin, holds both environments, approves production. */
  readonly ada: Person
  /** Holds production, approves it. */
  readonly ben: Person
  /** Approves production, sees its names only. */
  readonly cyd: Person
  /** Developer: holds development, may only request production. */
  readonly dev: Person
  readonly auditor: Person
  readonly production: EnvironmentFixture
  readonly development: EnvironmentFixture
  readonly item: string
}

/**
 * Five people, two environments, bootstrap closed: production needs two approvers other than the requester (three there are),
 * development nobody.
 */
export const company = async (
  changes: { policy?: Policy; closed?: boolean; founderRoles?: ('admin' | 'auditor')[] } = {},
): Promise<Company> => {
  await cryptoReady()
  const team = new TestTeam(new Person('Ada'), changes.founderRoles ?? ['admin'])
  const ada = team.founder
  const vault = team.vault()
  const development = team.environment(vault, 'development')
  const production = team.environment(vault, 'production')
  const ben = new Person('Ben')
  team.add(ben, ['developer'], [team.accessTo(ben.member, production.environment, 'hold', true)])
  const cyd = new Person('Cyd')
  team.add(cyd, ['developer'], [team.accessTo(cyd.member, production.environment, 'view', true)])
  const dev = new Person('Dev')
  team.add(
    dev,
    ['developer'],
    [
      team.accessTo(dev.member, development.environment, 'hold'),
      team.accessTo(dev.member, production.environment, 'request'),
    ],
  )
  const auditor = new Person('Aud')
  team.add(auditor, ['auditor'], [team.accessTo(auditor.member, production.environment, 'view')])
  team.must(team.setAccess(ada, ada, [team.accessTo(ada.member, production.environment, 'hold', true)]))
  const policy = changes.policy ?? policyOf(quorumOf(2))
  team.must(team.setPolicy(ada, production.environment, policy))
  if (changes.closed !== false) team.closeBootstrap()
  return { team, ada, ben, cyd, dev, auditor, production, development, item: newId() }
}
