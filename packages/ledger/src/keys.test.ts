import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import { INITIAL_POLICY } from '@countersign/schema/policy'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { blob, outcomeOf, wrapFor } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'
import { TestTeam } from '../test/team.ts'
import { reduceLedger } from './reduce.ts'
import { emptyState } from './state.ts'

beforeAll(cryptoReady)

describe('new keys', () => {
  it('L5 L10 L11 L20 L21 a first entry with keys of another number, chain or recipient makes no team', () => {
    const team = new TestTeam()
    const [first] = team.entries
    if (first?.content?.type !== 'team.create') throw new Error('a genesis was written')
    const { content, envelope, hash } = first
    const { plain } = content
    const begin = (changes: Partial<LedgerPlain<'team.create'>>) => {
      const state = emptyState()
      const changed = { ...content, plain: { ...plain, ...changes } }
      const verdict = reduceLedger(state, { envelope, content: changed, hash })
      if (!verdict.accepted) expect(state).toEqual(emptyState())
      return outcomeOf(verdict)
    }
    const teamKey = (changes: Partial<typeof plain.teamKey>) =>
      begin({ teamKey: { ...plain.teamKey, ...changes } })
    const auditKey = (changes: Partial<typeof plain.auditKey>) =>
      begin({ auditKey: { ...plain.auditKey, ...changes } })
    const other = new Person('Eve')
    expect(begin({ teamKeyEpoch: 1 })).toBe('team_key.number')
    expect(teamKey({ epoch: 1 })).toBe('team_key.number')
    expect(teamKey({ previous: blob() })).toBe('team_key.previous')
    expect(teamKey({ wraps: [wrapFor(other.member)] })).toBe('team_key.wrong_recipients')
    expect(auditKey({ epoch: 1 })).toBe('audit_key.number')
    expect(auditKey({ previous: blob() })).toBe('audit_key.previous')
    expect(auditKey({ wraps: [wrapFor(team.founder.member)] })).toBe('audit_key.wrong_recipients')
    expect(begin({ member: { ...plain.member, roles: ['developer'] } })).toBe('team.no_admin')
    expect(begin({ member: { ...plain.member, member: other.member } })).toBe('author.not_self')
    expect(begin({ device: { ...plain.device, device: newId() } })).toBe('author.not_self')
    expect(begin({ nonce: randomBytes(32) })).toBe('chain.genesis')
    expect(begin({ member: { ...plain.member, signKey: other.sign.publicKey } })).toBe('chain.genesis')
    expect(begin({})).toBe('accepted')
  })

  it('L21 an audit key carries the one before', async () => {
    const { team, ada, auditor } = await company()
    const plain = team.removePlain(auditor.member)
    if (plain.auditKey === null) throw new Error('an auditor leaves')
    const remove = (auditKey: typeof plain.auditKey) =>
      team.write(ada, 'member.remove', { ...plain, auditKey }, { reason: '' }).outcome
    expect(remove({ ...plain.auditKey, previous: null })).toBe('audit_key.previous')
    expect(remove({ ...plain.auditKey, epoch: 0 })).toBe('audit_key.number')
    expect(remove({ ...plain.auditKey, wraps: [wrapFor(auditor.member)] })).toBe('audit_key.wrong_recipients')
    expect(remove(plain.auditKey)).toBe('accepted')
  })

  it('L20 L21 a newcomer gets the current keys themselves: the team key always, the audit key as an auditor only', () => {
    const team = new TestTeam()
    const person = new Person('Aud')
    const add = (role: 'auditor' | 'developer', changes: Partial<LedgerPlain<'member.add'>>) => {
      const plain = { ...team.addPlain(person, [role]), ...changes }
      return team.write(team.founder, 'member.add', plain, team.names(person)).outcome
    }
    const others = wrapFor(team.founder.member)
    expect(add('auditor', { teamKey: others })).toBe('team_key.wrong_recipients')
    expect(add('auditor', { auditKey: others })).toBe('audit_key.wrong_recipients')
    expect(add('auditor', { auditKey: null })).toBe('audit_key.wrong_recipients')
    expect(add('developer', { auditKey: wrapFor(person.member) })).toBe('audit_key.wrong_recipients')
    expect(add('auditor', {})).toBe('accepted')
  })

  it('L18 an environment is there once, its names as well, and its first epoch carries nothing', async () => {
    const { team, ada, ben, production } = await company()
    const create = (
      author: Person,
      environment: string,
      name: string,
      changes: Partial<ReturnType<typeof team.epochFor>> = {},
    ) => {
      const epoch = { ...team.epochFor(environment, 0, new Map([[author.member, 'hold']])), ...changes }
      const plain = { teamKeyEpoch: 0, vault: production.vault, epoch }
      return team.write(author, 'environment.create', plain, { name, policy: INITIAL_POLICY }).outcome
    }
    expect(create(ada, production.environment, 'again')).toBe('environment.exists')
    expect(create(ada, newId(), 'production')).toBe('environment.name_taken')
    expect(create(ada, newId(), 'staging', { previousMeta: blob() })).toBe('epoch.previous')
    expect(create(ada, newId(), 'staging', { previousValue: blob() })).toBe('epoch.previous')
    expect(create(ben, newId(), 'staging')).toBe('author.not_admin')
    expect(create(ada, newId(), 'staging')).toBe('accepted')
  })

  it('L23 an epoch is made only for an environment where somebody loses a key, and once', async () => {
    const { team, ada, ben, dev, production, development } = await company()
    const { environment } = production
    const remove = (person: Person, environments: string[]) => {
      const plain = team.removePlain(person.member)
      const without = new Map([[person.member, 'none' as const]])
      const epochs = environments.map((each) =>
        each === development.environment || each === environment
          ? team.nextEpoch(each, without)
          : team.epochFor(each, 1, new Map()),
      )
      return team.write(ada, 'member.remove', { ...plain, epochs }, { reason: '' }).outcome
    }
    expect(remove(ben, [development.environment])).toBe('epoch.not_affected')
    expect(remove(ben, [newId()])).toBe('epoch.not_affected')
    expect(remove(ben, [environment, environment])).toBe('epoch.not_affected')
    const epochs = [team.nextEpoch(environment)]
    const same = [{ environment, level: 'request' as const, approve: false, wrap: null }]
    expect(team.setAccess(ada, dev, same, { epochs }).outcome).toBe('epoch.not_affected')
    expect(remove(ben, [environment])).toBe('accepted')
  })

  it('L22 L23 the last holder is not lowered, and once they are removed nobody can start an epoch', async () => {
    const { team, ada, ben, cyd, production } = await company({ closed: false })
    const { environment } = production
    const cuts = [{ environment, head: null }]
    const lower = [{ environment, level: 'view' as const, approve: true, wrap: null }]
    const start = (author: Person, epoch = team.nextEpoch(environment)) => {
      const plain = { teamKeyEpoch: team.teamKeyEpoch, epoch, cut: { environment, head: null } }
      return team.write(author, 'epoch.start', plain, {}).outcome
    }
    team.must(team.setAccess(ada, ada, lower, { cuts }))
    expect(start(ben, team.nextEpoch(environment, new Map([[ben.member, 'view']])))).toBe(
      'epoch.wrong_recipients',
    )
    expect(start(ben, { ...team.nextEpoch(environment), environment: newId() })).toBe('environment.unknown')
    expect(team.setAccess(ada, ben, lower, { cuts }).outcome).toBe('access.last_holder')
    team.must(team.remove(ada, ben))
    for (const person of [ada, cyd]) expect(start(person)).toBe('epoch.author_lacks_key')
    expect(team.state.projection.environments.get(environment)?.rekeyDue).toBe(true)
  })
})
