import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { blob } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'
import { accessOf } from './projection-lookup.ts'

beforeAll(cryptoReady)

describe('access', () => {
  const open = () => company({ closed: false })

  it('P2 a level below hold gets no value key, hold gets it, and nobody gets what they have', async () => {
    const { team, ada, dev, cyd, production } = await open()
    const { environment } = production
    const set = (
      person: Person,
      level: 'view' | 'request' | 'hold',
      wrap: ReturnType<typeof wrapOf> | null,
    ) => team.setAccess(ada, person, [{ environment, level, approve: false, wrap }]).outcome
    const wrapOf = (person: Person, value: boolean) => ({
      member: person.member,
      meta: blob(),
      value: value ? blob() : null,
    })
    expect(set(cyd, 'request', wrapOf(cyd, true))).toBe('access.wrong_wrap')
    expect(set(cyd, 'request', wrapOf(cyd, false))).toBe('access.wrong_wrap')
    expect(set(cyd, 'request', null)).toBe('accepted')
    expect(set(dev, 'hold', null)).toBe('access.wrong_wrap')
    expect(set(dev, 'hold', wrapOf(dev, false))).toBe('access.wrong_wrap')
    expect(set(dev, 'hold', wrapOf(cyd, true))).toBe('access.wrong_wrap')
    expect(set(dev, 'hold', wrapOf(dev, true))).toBe('accepted')
    expect(accessOf(team.state.projection, environment, dev.member).level).toBe('hold')
  })

  it('L17 nobody gives a key they have not got', async () => {
    const { team, ada, ben, production } = await open()
    const admin = team.add(new Person('Adm'), ['admin'])
    expect(
      team.setAccess(admin, admin, [team.accessTo(admin.member, production.environment, 'view')]).outcome,
    ).toBe('access.author_lacks_key')
    expect(
      team.setAccess(ada, admin, [team.accessTo(admin.member, production.environment, 'view')]).outcome,
    ).toBe('accepted')
    const other = team.add(new Person('New'), ['developer'])
    expect(
      team.setAccess(admin, other, [team.accessTo(other.member, production.environment, 'hold')]).outcome,
    ).toBe('access.author_lacks_key')
    expect(
      team.setAccess(ben, other, [team.accessTo(other.member, production.environment, 'hold')]).outcome,
    ).toBe('author.not_admin')
  })

  it('L16 access names known environments once, and approvers see the names', async () => {
    const { team, ada, dev, development } = await open()
    const give = team.accessTo(dev.member, development.environment, 'hold')
    expect(team.setAccess(ada, dev, [give, give]).outcome).toBe('access.duplicate')
    expect(team.setAccess(ada, dev, [{ ...give, environment: newId() }]).outcome).toBe('environment.unknown')
    expect(team.setAccess(ada, dev, [{ ...give, level: 'none', approve: true }]).outcome).toBe(
      'access.approve_needs_view',
    )
    const person = new Person('New')
    const nothing = team.addPlain(person, [], [{ ...give, level: 'none' }])
    expect(team.write(ada, 'member.add', nothing, team.names(person)).outcome).toBe('access.nothing_given')
  })

  it('L16 access and roles are given to active members', async () => {
    const { team, ada, ben, production } = await open()
    team.must(team.remove(ada, ben))
    for (const person of [ben, new Person('Eve')]) {
      const access = [team.accessTo(person.member, production.environment, 'view')]
      expect(team.setAccess(ada, person, access).outcome).toBe('member.unknown')
      const { teamKeyEpoch } = team
      const plain = { teamKeyEpoch, authority: null, member: person.member, auditWrap: null, auditKey: null }
      expect(team.write(ada, 'member.roles', { ...plain, roles: ['developer'] }, {}).outcome).toBe(
        'member.unknown',
      )
    }
  })

  it('P4 P5 whoever loses the value key is cut: a cut and an epoch, or the environment is due', async () => {
    const { team, ada, ben, production } = await open()
    const { environment } = production
    const lower = [{ environment, level: 'view' as const, approve: true, wrap: null }]
    const cuts = [{ environment, head: null }]
    const view = new Map([[ben.member, 'view' as const]])
    expect(team.setAccess(ada, ben, lower).outcome).toBe('cut.wrong_environments')
    expect(team.setAccess(ada, ben, lower, { cuts: [...cuts, ...cuts] }).outcome).toBe(
      'cut.wrong_environments',
    )
    const epochs = [team.nextEpoch(environment)]
    expect(team.setAccess(ada, ben, lower, { cuts, epochs }).outcome).toBe('epoch.wrong_recipients')
    expect(
      team.setAccess(ada, ben, lower, { cuts, epochs: [team.nextEpoch(environment, view)] }).outcome,
    ).toBe('accepted')
    const record = team.state.projection.environments.get(environment)
    expect(record?.rekeyDue).toBe(false)
    expect(record?.epochs.at(-1)?.epoch).toBe(1)
  })

  it('L23 the one who loses a key makes no epoch, and the last holder is not lowered', async () => {
    const { team, ada, ben, production } = await open()
    const { environment } = production
    const lower = [{ environment, level: 'view' as const, approve: true, wrap: null }]
    const cuts = [{ environment, head: null }]
    const epochs = [team.nextEpoch(environment, new Map([[ada.member, 'view' as const]]))]
    expect(team.setAccess(ada, ada, lower, { cuts, epochs }).outcome).toBe('epoch.author_lacks_key')
    expect(team.setAccess(ada, ada, lower, { cuts }).outcome).toBe('accepted')
    expect(team.state.projection.environments.get(environment)?.rekeyDue).toBe(true)
    expect(team.setAccess(ada, ben, lower, { cuts }).outcome).toBe('access.last_holder')
  })
})
