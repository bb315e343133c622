import { cryptoReady } from '@countersign/crypto/ready'
import type { Policy, Rule } from '@countersign/schema/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'
import { policyWarnings } from './satisfiable.ts'

beforeAll(cryptoReady)

/** The company of the tests: Ada, Ben and Cyd approve production; Ada and Ben hold it and may request, like Dev; Ada is the only admin. */
const started = () => company({ closed: false })

const named = (k: number, ...people: Person[]): Rule => ({
  op: 'quorum',
  k,
  of: { kind: 'members', members: people.map(({ member }) => member) },
})

const warned = ({ team, production }: Company, rule?: Rule, changes: Partial<Policy> = {}) => {
  const policy = rule === undefined ? undefined : policyOf(rule, changes)
  const warnings = policyWarnings(team.state, production.environment, policy)
  return Object.fromEntries(
    warnings.map(({ code, ...numbers }) => [
      code.replace('policy.', ''),
      { ...numbers, members: [...numbers.members].sort() },
    ]),
  )
}

const ids = (...people: Person[]): string[] => people.map(({ member }) => member).sort()

describe('warnings about a policy', () => {
  it('L71 none where it works with somebody to spare, nor for an environment that nobody knows', async () => {
    const all = await started()
    expect(warned(all, quorumOf(1))).toEqual({})
    expect(policyWarnings(all.team.state, all.item)).toEqual([])
    expect(warned(all, { op: 'none' })).toEqual({})
  })

  it('L71 that nobody could satisfy', async () => {
    const all = await started()
    const { ada, ben, cyd, dev } = all
    expect(warned(all, quorumOf(4))).toMatchObject({
      unsatisfiable: { needed: 4, available: 3, members: ids(ada, ben, dev) },
      unchangeable: { needed: 4, available: 3, members: ids(ada) },
    })
    // Three places, but two people of whom one would have to sit twice.
    const twice: Rule = { op: 'all', rules: [quorumOf(2, 'holders'), named(1, ada)] }
    expect(warned(all, twice)).toHaveProperty('unsatisfiable')
    expect(warned(all, { op: 'any', rules: [twice, named(1, cyd)] })).not.toHaveProperty('unsatisfiable')
    expect(warned(all, { op: 'sequence', rules: [named(1, cyd), named(1, cyd)] })).toHaveProperty(
      'unsatisfiable',
    )
  })

  it('L71 that not everybody could satisfy, because nobody approves what they ask themselves', async () => {
    const all = await started()
    const { ada, ben } = all
    expect(warned(all, quorumOf(3))).toMatchObject({
      unsatisfiable_for: { needed: 3, available: 3, members: ids(ada, ben) },
    })
    expect(warned(all, quorumOf(3), { selfApproval: true })).not.toHaveProperty('unsatisfiable_for')
    expect(warned(all, named(1, ben))).toMatchObject({
      unsatisfiable_for: { needed: 1, available: 1, members: ids(ben) },
    })
  })

  it('L71 that works only while nobody is away', async () => {
    const all = await started()
    const { ada, ben, cyd } = all
    expect(warned(all, quorumOf(2))).toMatchObject({
      no_spare: { needed: 2, available: 3, members: ids(ada, ben, cyd) },
    })
    const another = all.team.add(new Person('Eli'), ['developer'])
    expect(warned(all, { op: 'any', rules: [quorumOf(2), named(1, another)] })).not.toHaveProperty('no_spare')
  })

  it('L71 that no admin could ever change again', async () => {
    const all = await started()
    const { team, ada } = all
    expect(warned(all, quorumOf(1, 'admins'))).toMatchObject({
      unchangeable: { needed: 1, available: 1, members: ids(ada) },
    })
    const second = team.add(new Person('Sec'), ['admin'])
    expect(warned(all, quorumOf(1, 'admins'))).not.toHaveProperty('unchangeable')
    // The one could ask for a change and the other not: that is enough.
    expect(warned(all, named(1, second))).not.toHaveProperty('unchangeable')
    expect(warned(all, quorumOf(2, 'admins'))).toMatchObject({ unchangeable: { members: ids(ada, second) } })
  })

  it('L71 that leaves nobody to release, or only people whom it does not ask', async () => {
    const all = await started()
    const { team, ada, ben, cyd, production } = all
    expect(warned(all, named(1, cyd))).toMatchObject({
      no_holder_approver: { needed: 1, available: 1, members: ids(ada, ben) },
      holders_not_approving: { members: ids(ada, ben) },
    })
    expect(warned(all, named(2, ben, cyd))).not.toHaveProperty('no_holder_approver')
    expect(warned(all, named(2, ben, cyd))).toMatchObject({ holders_not_approving: { members: ids(ada) } })
    const { environment } = production
    const lower = [{ environment, level: 'request' as const, approve: true, wrap: null }]
    const cuts = [{ environment, head: null }]
    team.must(team.setAccess(ada, ada, lower, { cuts }))
    team.must(team.remove(ada, ben))
    expect(warned(all, quorumOf(1))).toMatchObject({
      no_holder: { needed: 1, available: 0, members: [] },
    })
    expect(warned(all, quorumOf(1))).not.toHaveProperty('no_holder_approver')
  })

  it('L71 that names people who left', async () => {
    const all = await started()
    const { team, ada, ben, dev, development } = all
    team.must(team.setPolicy(ada, development.environment, policyOf(named(1, ben, dev))))
    team.must(team.remove(ada, ben))
    const warnings = policyWarnings(team.state, development.environment)
    expect(warnings).toContainEqual({
      code: 'policy.members_gone',
      needed: 1,
      available: 1,
      members: ids(ben),
    })
  })

  it('L71 that nobody may ask under', async () => {
    const all = await started()
    const { team, ada, ben, dev, production } = all
    const { environment } = production
    const toView = (person: Person, cut: boolean) =>
      team.setAccess(ada, person, [{ environment, level: 'view', approve: true, wrap: null }], {
        cuts: cut ? [{ environment, head: null }] : [],
      })
    team.must(toView(ada, true))
    team.must(team.remove(ada, ben))
    expect(warned(all, quorumOf(1))).not.toHaveProperty('no_requester')
    team.must(toView(dev, false))
    expect(warned(all, quorumOf(1))).toMatchObject({
      no_requester: { needed: 1, available: 3, members: [] },
      no_holder: { needed: 1, available: 0, members: [] },
    })
    expect(warned(all, quorumOf(1))).not.toHaveProperty('unsatisfiable')
    expect(warned(all, quorumOf(4))).toMatchObject({
      unsatisfiable: { needed: 4, available: 3, members: [] },
    })
  })

  it('L71 that the ledger would refuse', async () => {
    const all = await started()
    const sequence: Rule = { op: 'sequence', rules: [quorumOf(1), quorumOf(1)] }
    expect(warned(all, { op: 'all', rules: [sequence, quorumOf(1)] })).toEqual({
      refused: { needed: 0, available: 0, members: [] },
    })
  })

  it('L71 the policy that is set is asked about where no other is named', async () => {
    const all = await started()
    expect(warned(all)).toEqual(warned(all, quorumOf(2)))
    expect(warned(all)).not.toEqual({})
  })
})
