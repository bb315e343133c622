import { cryptoReady } from '@countersign/crypto/ready'
import { decodeEntry } from '@countersign/schema/entry'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { Person, type TestDevice } from '../test/person.ts'
import { mayVouch } from './projection.ts'

beforeAll(cryptoReady)

const started = async () => {
  const all = await company({ closed: false })
  const { team, production, item } = all
  const { environment } = production
  const vouches = (author: Person, device: TestDevice = author.device) => {
    const bytes = team.itemEntry(author, environment, { item, base: 0, epoch: 0 }, { device })
    return mayVouch(team.state.projection, environment, decodeEntry(bytes).envelope)
  }
  return { ...all, environment, vouches }
}

describe('vouching for the entries before one’s own', () => {
  it('L48 P20 only a holder does: no lower level, no admin without the environment, no stranger', async () => {
    const { team, ada, ben, cyd, dev, auditor, development, vouches } = await started()
    expect([ada, ben].map((person) => vouches(person))).toEqual([true, true])
    const admin = team.add(new Person('Adm'), ['admin'])
    const elsewhere = team.add(new Person('Eli'), [])
    team.must(
      team.setAccess(ada, elsewhere, [team.accessTo(elsewhere.member, development.environment, 'hold')]),
    )
    for (const person of [cyd, dev, auditor, admin, elsewhere, new Person('Eve')])
      expect([person.name, vouches(person)]).toEqual([person.name, false])
  })

  it('L48 P20 only with an active device of theirs', async () => {
    const { team, ada, ben, vouches } = await started()
    const device = ben.newDevice()
    expect(vouches(ben, device)).toBe(false)
    expect(vouches(ben, ada.device)).toBe(false)
    const added = { teamKeyEpoch: 0, device: ben.deviceRecord(team.id, device) }
    team.must(team.write(ben, 'device.add', added, { name: 'phone' }))
    expect(vouches(ben, device)).toBe(true)
    team.must(team.write(ben, 'device.remove', { teamKeyEpoch: 0, device: device.device }, {}))
    expect([vouches(ben, device), vouches(ben)]).toEqual([false, true])
  })

  it('L48 P20 only while they hold it now, whatever they did when they wrote', async () => {
    const lowered = await started()
    const { team, ada, ben, environment, vouches } = lowered
    const lower = [{ environment, level: 'request' as const, approve: true, wrap: null }]
    team.must(team.setAccess(ada, ben, lower, { cuts: [{ environment, head: null }] }))
    expect(vouches(ben)).toBe(false)
    const removed = await started()
    removed.team.must(removed.team.remove(removed.ada, removed.ben))
    expect([removed.vouches(removed.ben), removed.vouches(removed.ada)]).toEqual([false, true])
  })
})
