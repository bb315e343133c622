import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { blob, wrapFor } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'
import { activeMember, readersOf } from './projection-lookup.ts'

beforeAll(cryptoReady)

const epochStart = (
  { team, production }: Company,
  author: Person,
  changes: { epoch?: number; cut?: string } = {},
) => {
  const epoch = team.nextEpoch(production.environment)
  const plain = {
    teamKeyEpoch: team.teamKeyEpoch,
    epoch: { ...epoch, epoch: changes.epoch ?? epoch.epoch },
    cut: {
      environment: changes.cut ?? production.environment,
      head: team.compartmentHead(production.environment),
    },
  }
  return team.write(author, 'epoch.start', plain, {}).outcome
}

describe('removal', () => {
  it('P3 P4 one admin removes at once: keys, sessions and later entries of the removed are gone', async () => {
    const { team, ada, ben, production } = await company()
    const { environment } = production
    expect(team.remove(ada, ben, [environment]).outcome).toBe('accepted')
    expect(activeMember(team.state.projection, ben.member)).toBeUndefined()
    const record = team.state.projection.environments.get(environment)
    expect(record && readersOf(record).has(ben.member)).toBe(false)
    expect(record?.rekeyDue).toBe(false)
    expect(team.teamKeyEpoch).toBe(1)
    const late = { teamKeyEpoch: 1, vault: newId() }
    expect(team.write(ben, 'vault.create', late, { name: 'late' }).outcome).toBe('author.inactive')
    const back = team.addPlain(ben, ['developer'])
    expect(team.write(ada, 'member.add', back, team.names(ben)).outcome).toBe('member.exists')
  })

  it('P6 an entry sealed under the team key before a removal is refused', async () => {
    const { team, ada, dev, ben } = await company()
    team.must(team.remove(ada, dev))
    const stale = { teamKeyEpoch: 0, vault: newId() }
    expect(team.write(ada, 'vault.create', stale, { name: 'late' }).outcome).toBe('team_key.stale')
    expect(team.write(ben, 'bootstrap.close', { teamKeyEpoch: 0 }, {}).outcome).toBe('team_key.stale')
  })

  it('L19 only an admin removes, and nobody themselves', async () => {
    const { team, ada, ben, dev } = await company()
    expect(team.remove(ben, dev).outcome).toBe('author.not_admin')
    expect(team.remove(ada, ada).outcome).toBe('member.remove_self')
    expect(team.remove(ada, new Person('Eve')).outcome).toBe('member.unknown')
  })

  it('L20 L22 the new keys are sealed for exactly those who stay', async () => {
    const { team, ada, ben, production } = await company()
    const good = team.removePlain(ben.member, [production.environment])
    const [epoch] = good.epochs
    if (epoch === undefined) throw new Error('an epoch was made')
    const attempt = (changes: Partial<LedgerPlain<'member.remove'>>) =>
      team.write(ada, 'member.remove', { ...good, ...changes }, { reason: '' }).outcome
    const teamKey = (changes: Partial<typeof good.teamKey>) =>
      attempt({ teamKey: { ...good.teamKey, ...changes } })
    const epochs = (changes: Partial<typeof epoch>) => attempt({ epochs: [{ ...epoch, ...changes }] })
    expect(teamKey({ wraps: [...good.teamKey.wraps, wrapFor(ben.member)] })).toBe('team_key.wrong_recipients')
    expect(teamKey({ wraps: good.teamKey.wraps.slice(1) })).toBe('team_key.wrong_recipients')
    expect(teamKey({ epoch: 2 })).toBe('team_key.number')
    expect(teamKey({ previous: null })).toBe('team_key.previous')
    const [one, two, ...rest] = epoch.wraps
    if (one === undefined || two === undefined) throw new Error('two wraps at least')
    expect(epochs({ wraps: epoch.wraps.slice(1) })).toBe('epoch.wrong_recipients')
    expect(epochs({ wraps: [one, one, ...rest] })).toBe('epoch.wrong_recipients')
    const ghost = { member: ben.member, meta: blob(), value: blob() }
    expect(epochs({ wraps: [...epoch.wraps, ghost] })).toBe('epoch.wrong_recipients')
    const toRequesters = epoch.wraps.map((wrap) => ({ ...wrap, value: blob() }))
    expect(epochs({ wraps: toRequesters })).toBe('epoch.wrong_recipients')
    expect(epochs({ epoch: 2 })).toBe('epoch.number')
    expect(epochs({ previousValue: null })).toBe('epoch.previous')
    expect(attempt({ cuts: [] })).toBe('cut.wrong_environments')
    expect(
      attempt({ auditKey: { epoch: 1, publicKey: randomBytes(1216), wraps: [], previous: blob() } }),
    ).toBe('audit_key.unneeded')
    expect(attempt({})).toBe('accepted')
  })

  it('L21 removing an auditor brings a new audit key for those who stay', async () => {
    const { team, ada, auditor } = await company()
    const plain = team.removePlain(auditor.member)
    const attempt = (changes: Partial<typeof plain>) =>
      team.write(ada, 'member.remove', { ...plain, ...changes }, { reason: '' }).outcome
    expect(attempt({ auditKey: null })).toBe('audit_key.missing')
    expect(attempt({})).toBe('accepted')
  })

  it('P4 where the remover holds nothing the environment is due, until a holder starts the epoch', async () => {
    const all = await company({ closed: false })
    const { team, ada, ben, cyd, dev, production } = all
    const admin = team.add(new Person('Adm'), ['admin'])
    const withEpoch = team.removePlain(ben.member, [production.environment])
    expect(team.write(admin, 'member.remove', withEpoch, { reason: '' }).outcome).toBe(
      'epoch.author_lacks_key',
    )
    expect(team.remove(admin, ben).outcome).toBe('accepted')
    expect(team.state.projection.environments.get(production.environment)?.rekeyDue).toBe(true)
    const give = team.accessTo(admin.member, production.environment, 'view')
    expect(team.setAccess(ada, admin, [give]).outcome).toBe('epoch.rekey_due')
    expect(epochStart(all, cyd)).toBe('epoch.author_lacks_key')
    expect(epochStart(all, dev)).toBe('epoch.author_lacks_key')
    expect(epochStart(all, ada, { epoch: 2 })).toBe('epoch.number')
    expect(epochStart(all, ada, { cut: newId() })).toBe('cut.wrong_environments')
    expect(epochStart(all, ada)).toBe('accepted')
    expect(team.state.projection.environments.get(production.environment)?.rekeyDue).toBe(false)
  })
})
