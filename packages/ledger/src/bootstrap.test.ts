import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import type { Policy } from '@countersign/schema/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'

beforeAll(cryptoReady)

const NOBODY = policyOf({ op: 'none' })

/** Every change that widens production or lowers its policy, each by whoever may try it. */
const wideningsOf = ({ team, ada, ben, cyd, dev, production }: Company, authority: string | null = null) => {
  const { environment } = production
  const access = (person: Person, level: 'view' | 'request' | 'hold', approve: boolean) =>
    team.setAccess(ada, person, [team.accessTo(person.member, environment, level, approve)], { authority })
  const add = (level: 'view' | 'request' | 'hold', approve: boolean) => {
    const person = new Person('New')
    const plain = team.addPlain(person, [], [team.accessTo(person.member, environment, level, approve)])
    return team.write(ada, 'member.add', { ...plain, authority }, team.names(person))
  }
  const roles = (person: Person): LedgerPlain<'member.roles'> => ({
    teamKeyEpoch: 0,
    authority,
    member: person.member,
    roles: ['admin'],
    auditWrap: null,
    auditKey: null,
  })
  const key = (person: Person) => {
    const credential = person.credentialRecord(team.id, person.newKey())
    return team.write(person, 'credential.add', { teamKeyEpoch: 0, authority, credential }, { label: 'k' })
  }
  return {
    'a reader': () => add('view', false),
    'a holder': () => add('hold', false),
    'an approver': () => add('view', true),
    'a higher level': () => access(dev, 'hold', false),
    'the approve capability': () => access(dev, 'request', true),
    'an admin who counts': () => team.write(ada, 'member.roles', roles(dev), {}),
    'a key of an approver': () => key(cyd),
    'a key of a holder': () => key(ben),
    'another policy': () => team.setPolicy(ada, environment, NOBODY, authority),
  }
}

const counting: Policy = policyOf({ op: 'any', rules: [quorumOf(2), quorumOf(2, 'admins')] })

describe('bootstrap', () => {
  it('L30 until it is closed one admin acts alone', async () => {
    for (const [index, name] of Object.keys(wideningsOf(await company())).entries()) {
      const all = await company({ closed: false, policy: counting })
      const written = Object.values(wideningsOf(all))[index]?.()
      expect([name, written?.outcome]).toEqual([name, 'accepted'])
    }
  })

  it('L30 L31 from then on whatever widens an environment or lowers its policy needs its quorum', async () => {
    const all = await company({ policy: counting })
    for (const [name, write] of Object.entries(wideningsOf(all))) {
      expect([name, write().outcome]).toEqual([name, 'authority.required'])
    }
    for (const [name, write] of Object.entries(wideningsOf(all, newId()))) {
      expect([name, write().outcome]).toEqual([name, 'authority.unknown'])
    }
  })

  it('L30 an authority that is named is checked even where none is needed', async () => {
    const { team, ada, ben, cyd, dev, production } = await company({ closed: false })
    const { environment } = production
    const policy = policyOf(quorumOf(1))
    expect(team.setPolicy(ada, environment, policy, newId()).outcome).toBe('authority.unknown')
    const body = { type: 'policy.set' as const, plain: team.policyPlain(environment), body: policy }
    const authority = team.askChange(ada, body)
    expect(team.setPolicy(ada, environment, NOBODY, authority).outcome).toBe('authority.mismatch')
    const give = [team.accessTo(dev.member, environment, 'hold')]
    expect(team.setAccess(ada, dev, give, { authority }).outcome).toBe('authority.mismatch')
    expect(team.setPolicy(ada, environment, policy, authority).outcome).toBe('authority.no_quorum')
    const { expiresAt } = team.state.requests.get(authority)?.body ?? { expiresAt: 0 }
    const plain = team.policyPlain(environment, authority)
    expect(team.write(ada, 'policy.set', plain, policy, { time: expiresAt + 1 }).outcome).toBe(
      'authority.expired',
    )
    team.must(team.approve(ben, authority))
    team.must(team.approve(cyd, authority))
    expect(team.setPolicy(ada, environment, policy, authority).outcome).toBe('accepted')
    expect(team.setPolicy(ada, environment, NOBODY).outcome).toBe('accepted')
  })

  it('L31 P3 a policy is changed under the old one: a new one that asks nobody does not allow itself', async () => {
    const { team, ada, development, production } = await company()
    expect(team.setPolicy(ada, production.environment, NOBODY).outcome).toBe('authority.required')
    // Nobody is asked in development, so one admin may: from then on somebody is.
    expect(team.setPolicy(ada, development.environment, policyOf(quorumOf(1, 'holders'))).outcome).toBe(
      'accepted',
    )
    expect(team.setPolicy(ada, development.environment, NOBODY).outcome).toBe('authority.required')
  })

  it('L32 a change request of fewer environments than the change affects is none', async () => {
    const { team, ada, ben, cyd, dev, production, development } = await company()
    team.must(team.setPolicy(ada, development.environment, policyOf(quorumOf(1, 'holders'))))
    const eve = new Person('Eve')
    const plain = team.addPlain(
      eve,
      [],
      [production, development].map(({ environment }) => team.accessTo(eve.member, environment, 'hold')),
    )
    const names = team.names(eve)
    const ask = (environments: string[]) => {
      const full = team.askChange(ada, { type: 'member.add', plain, body: names })
      const body = team.state.requests.get(full)?.body
      if (body?.kind !== 'change') throw new Error('a change was asked')
      const request = newId()
      team.must(team.request(ada, { ...body, request, environments }))
      return request
    }
    const short = ask([production.environment])
    for (const person of [ben, cyd]) team.must(team.approve(person, short))
    const use = (authority: string) => team.write(ada, 'member.add', { ...plain, authority }, names).outcome
    expect(use(short)).toBe('authority.mismatch')
    const whole = ask([production.environment, development.environment])
    for (const person of [ben, cyd]) team.must(team.approve(person, whole))
    expect(use(whole)).toBe('authority.no_quorum')
    team.must(team.approve(dev, whole))
    expect(use(whole)).toBe('accepted')
  })
})
