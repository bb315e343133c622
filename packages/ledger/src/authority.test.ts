import { cryptoReady } from '@countersign/crypto/ready'
import { type LedgerBody, type LedgerPlain, ledgerEntrySchemas } from '@countersign/schema/ledger-entries'
import { MAX_UNRECORDED_MS } from '@countersign/schema/policy-limits'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { policyOf, quorumOf } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'
import type { ChangeContent } from './change.ts'
import { requestStatus } from './quorum.ts'

beforeAll(cryptoReady)

const NOBODY = policyOf({ op: 'none' })

const policyChange = ({ team, production }: Company, policy = NOBODY): ChangeContent => ({
  type: 'policy.set',
  plain: team.policyPlain(production.environment),
  body: policy,
})

describe('no self-minted quorum', () => {
  it('P3 after bootstrap one admin lowers no policy alone; the old quorum may', async () => {
    const all = await company()
    const { team, ada, ben, cyd, production } = all
    expect(team.setPolicy(ada, production.environment, NOBODY).outcome).toBe('authority.required')
    const request = team.askChange(ada, policyChange(all))
    expect(team.setPolicy(ada, production.environment, NOBODY, request).outcome).toBe('authority.no_quorum')
    expect(team.approve(ada, request).outcome).toBe('approval.self')
    team.must(team.approve(ben, request))
    expect(team.setPolicy(ada, production.environment, NOBODY, request).outcome).toBe('authority.no_quorum')
    team.must(team.approve(cyd, request))
    expect(requestStatus(team.state, request, team.clock)?.state).toBe('awaiting_release')
    expect(team.setPolicy(ada, production.environment, NOBODY, request).outcome).toBe('accepted')
    expect(requestStatus(team.state, request, team.clock)?.state).toBe('granted')
  })

  it('L32 an authority carries out exactly what was approved, once', async () => {
    const all = await company()
    const { team, ada, ben, cyd, dev, production, development } = all
    const request = team.askChange(ada, policyChange(all, policyOf(quorumOf(1))))
    team.must(team.approve(ben, request))
    team.must(team.approve(cyd, request))
    expect(team.setPolicy(ada, production.environment, NOBODY, request).outcome).toBe('authority.mismatch')
    expect(team.setPolicy(ada, development.environment, policyOf(quorumOf(1)), request).outcome).toBe(
      'authority.mismatch',
    )
    const widen = [team.accessTo(dev.member, production.environment, 'hold')]
    expect(team.setAccess(ada, dev, widen, { authority: request }).outcome).toBe('authority.mismatch')
    expect(team.setPolicy(ada, production.environment, policyOf(quorumOf(1)), request).outcome).toBe(
      'accepted',
    )
    expect(team.setPolicy(ada, production.environment, policyOf(quorumOf(1)), request).outcome).toBe(
      'authority.unknown',
    )
  })

  it('L32 an authority expires, and a binding request is none', async () => {
    const all = await company()
    const { team, ada, ben, cyd, dev, production } = all
    const request = team.askChange(ada, policyChange(all))
    team.must(team.approve(ben, request))
    team.must(team.approve(cyd, request))
    const late = team.state.requests.get(request)?.body.expiresAt ?? 0
    const plain = team.policyPlain(production.environment, request)
    expect(team.write(ada, 'policy.set', plain, NOBODY, { time: late + 1 }).outcome).toBe('authority.expired')
    const binding = team.ask(dev, team.terms(production))
    expect(team.setPolicy(ada, production.environment, NOBODY, binding).outcome).toBe('authority.unknown')
  })

  it('P3 an admin invites no approver, holder or reader of production alone', async () => {
    const { team, ada, ben, cyd, production, development } = await company()
    for (const [level, approve] of [
      ['hold', false],
      ['view', true],
      ['request', false],
    ] as const) {
      const eve = new Person('Eve')
      const plain = team.addPlain(
        eve,
        [],
        [team.accessTo(eve.member, production.environment, level, approve)],
      )
      expect(team.write(ada, 'member.add', plain, team.names(eve)).outcome).toBe('authority.required')
    }
    const free = new Person('Fay')
    team.add(free, [], [team.accessTo(free.member, development.environment, 'hold')])
    const gus = new Person('Gus')
    const plain = team.addPlain(gus, [], [team.accessTo(gus.member, production.environment, 'hold', true)])
    const content: ChangeContent = { type: 'member.add', plain, body: team.names(gus) }
    const authority = team.askChange(ada, content)
    team.must(team.approve(ben, authority))
    team.must(team.approve(cyd, authority))
    const renamed = { ...team.names(gus), name: 'Somebody else' }
    expect(team.write(ada, 'member.add', { ...plain, authority }, renamed).outcome).toBe('authority.mismatch')
    const other = { ...plain, authority, transcript: new Uint8Array(32) }
    expect(team.write(ada, 'member.add', other, team.names(gus)).outcome).toBe('authority.mismatch')
    expect(team.write(ada, 'member.add', { ...plain, authority }, team.names(gus)).outcome).toBe('accepted')
  })

  it('P3 nobody raises their own level or makes themselves an approver, admins included', async () => {
    const { team, ada, cyd, dev, production } = await company()
    const widen = (person: Person, level: 'hold' | 'request' | 'view', approve: boolean) =>
      team.setAccess(ada, person, [team.accessTo(person.member, production.environment, level, approve)])
        .outcome
    expect(widen(dev, 'hold', false)).toBe('authority.required')
    expect(widen(dev, 'request', true)).toBe('authority.required')
    expect(widen(cyd, 'request', true)).toBe('authority.required')
    const own = team.accessTo(dev.member, production.environment, 'request', true)
    expect(team.setAccess(dev, dev, [own]).outcome).toBe('author.not_admin')
  })

  it('L33 the subject’s approval does not count towards a change about them', async () => {
    const { team, ada, ben, cyd, production } = await company()
    const plain = team.accessPlain(cyd, [team.accessTo(cyd.member, production.environment, 'request', true)])
    const request = team.askChange(ada, { type: 'member.access', plain, body: {} })
    expect(team.approve(cyd, request).outcome).toBe('approval.self')
    team.must(team.approve(ben, request))
    expect(team.write(ada, 'member.access', { ...plain, authority: request }, {}).outcome).toBe(
      'authority.no_quorum',
    )
  })

  it('L16 a holder carries out an approved change for an admin who holds nothing', async () => {
    const { team, ada, ben, cyd, dev, production } = await company()
    const plain = team.accessPlain(dev, [team.accessTo(dev.member, production.environment, 'hold')])
    const request = team.askChange(ada, { type: 'member.access', plain, body: {} })
    expect(team.write(ben, 'member.access', { ...plain, authority: request }, {}).outcome).toBe(
      'authority.no_quorum',
    )
    team.must(team.approve(ben, request))
    team.must(team.approve(cyd, request))
    expect(team.write(cyd, 'member.access', { ...plain, authority: request }, {}).outcome).toBe(
      'author.not_admin',
    )
    expect(team.write(ben, 'member.access', { ...plain, authority: request }, {}).outcome).toBe('accepted')
  })

  it('L31 less access and fewer roles need nobody: they fail closed', async () => {
    const { team, ada, ben, cyd, production } = await company()
    const { environment } = production
    const cuts = [{ environment, head: null }]
    const less = [{ environment, level: 'view' as const, approve: false, wrap: null }]
    expect(team.setAccess(ada, ben, less, { cuts }).outcome).toBe('accepted')
    expect(team.setAccess(ada, cyd, less).outcome).toBe('accepted')
  })

  it('L31 a new admin needs the quorum where admins count towards one, and only there', async () => {
    const roles = (person: Person): LedgerPlain<'member.roles'> => ({
      teamKeyEpoch: 0,
      authority: null,
      member: person.member,
      roles: ['admin'],
      auditWrap: null,
      auditKey: null,
    })
    const plain = await company()
    expect(plain.team.write(plain.ada, 'member.roles', roles(plain.dev), {}).outcome).toBe('accepted')
    const counting = await company({ policy: policyOf(quorumOf(1, 'admins')) })
    const { team, ada, dev } = counting
    expect(team.write(ada, 'member.roles', roles(dev), {}).outcome).toBe('authority.required')
    const eve = new Person('Eve')
    expect(team.write(ada, 'member.add', team.addPlain(eve, ['admin']), team.names(eve)).outcome).toBe(
      'authority.required',
    )
  })

  it('P3 an approver or holder enrols another key only with the quorum of the others', async () => {
    const { team, ada, ben, cyd, dev } = await company()
    const add = (person: Person, authority: string | null) => {
      const key = person.newKey()
      const plain = { teamKeyEpoch: 0, authority, credential: person.credentialRecord(team.id, key) }
      return { plain, body: { label: 'spare' } }
    }
    const own = add(ben, null)
    expect(team.write(ben, 'credential.add', own.plain, own.body).outcome).toBe('authority.required')
    const request = team.askChange(ben, { type: 'credential.add', ...own })
    expect(team.approve(ben, request).outcome).toBe('approval.self')
    team.must(team.approve(ada, request))
    team.must(team.approve(cyd, request))
    const withAuthority = { ...own.plain, authority: request }
    expect(team.write(dev, 'credential.add', withAuthority, own.body).outcome).toBe('credential.proof')
    expect(team.write(ben, 'credential.add', withAuthority, own.body).outcome).toBe('accepted')
    const nobody = team.add(new Person('Nob'), [])
    const free = add(nobody, null)
    expect(team.write(nobody, 'credential.add', free.plain, free.body).outcome).toBe('accepted')
  })

  it('P3 before bootstrap is closed one admin sets the team up, and an admin closes it once', async () => {
    const { team, ada, ben, dev, production } = await company({ closed: false })
    expect(team.setPolicy(ada, production.environment, NOBODY).outcome).toBe('accepted')
    expect(
      team.setAccess(ada, dev, [team.accessTo(dev.member, production.environment, 'hold')]).outcome,
    ).toBe('accepted')
    expect(team.write(ben, 'bootstrap.close', { teamKeyEpoch: 0 }, {}).outcome).toBe('author.not_admin')
    team.closeBootstrap()
    expect(team.write(ada, 'bootstrap.close', { teamKeyEpoch: 0 }, {}).outcome).toBe('bootstrap.closed')
  })

  it('L35 a policy names active members, the next version and a rule with a plain meaning', async () => {
    const { team, ada, dev, ben, development } = await company()
    const { environment } = development
    const set = (policy: LedgerBody<'policy.set'>, version = 1) =>
      team.write(ada, 'policy.set', { ...team.policyPlain(environment), version }, policy).outcome
    const named = (member: string) =>
      policyOf({ op: 'quorum', k: 1, of: { kind: 'members', members: [member] } })
    team.must(team.remove(ada, ben))
    const key = { teamKeyEpoch: team.teamKeyEpoch, authority: null, environment, version: 1 }
    expect(team.write(ada, 'policy.set', key, named(ben.member)).outcome).toBe('policy.unknown_member')
    expect(set(named(dev.member), 2)).toBe('policy.version')
    expect(set(named(dev.member), 0 + 1)).toBe('accepted')
    expect(team.write(dev, 'policy.set', { ...key, version: 2 }, named(dev.member)).outcome).toBe(
      'author.not_admin',
    )
  })

  it('L35 P18 reads without a record are for an hour at most, said by leaving them out where there are none, and signed for', async () => {
    const all = await company()
    const { team, ada, ben, cyd, production } = all
    const { environment } = production
    for (const maxUnrecordedMs of [0, -1, 999, 1000.5, MAX_UNRECORDED_MS + 1, null]) {
      const policy = { ...policyOf(quorumOf(2)), maxUnrecordedMs }
      expect(ledgerEntrySchemas['policy.set'].body.safeParse(policy).success).toBe(false)
    }
    expect(team.state.policies.get(environment)?.policy).not.toHaveProperty('maxUnrecordedMs')
    const allowing = policyOf(quorumOf(2), { maxUnrecordedMs: 300_000 })
    expect(team.setPolicy(ada, environment, allowing).outcome).toBe('authority.required')
    const request = team.askChange(ada, policyChange(all, policyOf(quorumOf(2))))
    team.must(team.approve(ben, request))
    team.must(team.approve(cyd, request))
    expect(team.setPolicy(ada, environment, allowing, request).outcome).toBe('authority.mismatch')
    const signed = team.askChange(ada, policyChange(all, allowing))
    team.must(team.approve(ben, signed))
    team.must(team.approve(cyd, signed))
    expect(team.setPolicy(ada, environment, allowing, signed).outcome).toBe('accepted')
    expect(team.state.policies.get(environment)?.policy.maxUnrecordedMs).toBe(300_000)
  })

  it('L53 change requests are an admin’s, for changes that know authority, within the deadline', async () => {
    const all = await company()
    const { team, ada, ben, dev } = all
    expect(() => team.askChange(dev, policyChange(all))).toThrow('author.not_admin')
    const request = team.askChange(ada, policyChange(all))
    const body = team.state.requests.get(request)?.body
    if (body?.kind !== 'change') throw new Error('a change was asked')
    const fresh = (changes: object) =>
      team.request(ada, {
        ...body,
        request: request.replace(/./g, (digit) => (digit === 'a' ? 'b' : 'a')),
        ...changes,
      }).outcome
    const removal = { ...body, change: { type: 'member.remove', member: ben.member } }
    expect(ledgerEntrySchemas['request.create'].body.safeParse(body).success).toBe(true)
    expect(ledgerEntrySchemas['request.create'].body.safeParse(removal).success).toBe(false)
    expect(fresh({ environments: [body.environments[0], body.environments[0]] })).toBe('access.duplicate')
    expect(fresh({ environments: [ben.member] })).toBe('environment.unknown')
    expect(fresh({ expiresAt: body.createdAt + 25 * 3_600_000 })).toBe('request.time')
  })
})
