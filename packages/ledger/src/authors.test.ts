import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Company, company } from '../test/company.ts'
import { outcomeOf, type WriteOptions } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'
import type { ChangeContent } from './change.ts'
import { reduceLedger } from './reduce.ts'

beforeAll(cryptoReady)

const vaultBy = ({ team }: Company, author: Person, options: WriteOptions = {}) => {
  const plain = { teamKeyEpoch: team.teamKeyEpoch, vault: newId() }
  return team.write(author, 'vault.create', plain, { name: `v${team.clock}` }, options).outcome
}

/** An admin alone adds somebody to production: refused, but whoever sees no quorum takes it. */
const addAlone = ({ team, ada, production }: Company, person: Person) => {
  const plain = team.addPlain(person, [], [team.accessTo(person.member, production.environment, 'hold')])
  return team.write(ada, 'member.add', plain, team.names(person)).outcome
}

const addWithQuorum = ({ team, ada, ben, cyd, production }: Company, person: Person) => {
  const plain = team.addPlain(person, [], [team.accessTo(person.member, production.environment, 'hold')])
  const content: ChangeContent = { type: 'member.add', plain, body: team.names(person) }
  const authority = team.askChange(ada, content)
  team.must(team.approve(ben, authority))
  team.must(team.approve(cyd, authority))
  return team.write(ada, 'member.add', { ...plain, authority }, team.names(person)).outcome
}

describe('the author of a ledger entry', () => {
  it('L6 is an active member: a removal counts from the next entry on', async () => {
    const all = await company({ closed: false })
    const { team, ada } = all
    const second = team.add(new Person('Sec'), ['admin'])
    expect(vaultBy(all, second)).toBe('accepted')
    team.must(team.remove(ada, second))
    expect(vaultBy(all, second)).toBe('author.inactive')
    expect(vaultBy(all, second, { time: team.clock - 60_000 })).toBe('author.inactive')
    const own = { teamKeyEpoch: team.teamKeyEpoch, device: second.deviceRecord(team.id, second.newDevice()) }
    expect(team.write(second, 'device.add', own, { name: 'back' }).outcome).toBe('author.inactive')
    expect(vaultBy(all, ada)).toBe('accepted')
  })

  it('L6 is somebody the ledger knows, also where others take them for a member', async () => {
    const all = await company()
    const eve = new Person('Eve')
    expect(addAlone(all, eve)).toBe('authority.required')
    expect(vaultBy(all, eve)).toBe('author.unknown')
    const { team } = all
    const head = { seq: team.head.seq + 1, prev: team.head.hash, ledger: team.head }
    const [first] = team.entries
    if (first === undefined) throw new Error('the team has an entry')
    const stranger = { ...first.envelope, ...head, id: newId(), type: 'bootstrap.close', member: newId() }
    const plain = { teamKeyEpoch: 0 }
    const content = { type: 'bootstrap.close' as const, plain, body: {} }
    const hash = new Uint8Array(32)
    const verdict = reduceLedger(team.state, { envelope: { ...stranger, plain }, content, hash })
    expect(outcomeOf(verdict)).toBe('author.unknown')
  })

  it('L6 writes with an active device of theirs', async () => {
    const all = await company()
    const { team, ada, ben } = all
    expect(vaultBy(all, ada, { device: ben.device })).toBe('author.device')
    const device = ada.newDevice()
    expect(vaultBy(all, ada, { device })).toBe('author.unknown')
    const added = { teamKeyEpoch: 0, device: ada.deviceRecord(team.id, device) }
    team.must(team.write(ada, 'device.add', added, { name: 'phone' }))
    expect(vaultBy(all, ada, { device })).toBe('accepted')
    team.must(team.write(ada, 'device.remove', { teamKeyEpoch: 0, device: device.device }, {}))
    expect(vaultBy(all, ada, { device })).toBe('author.device')
  })

  it('L7 P6 seals under the team key that is current before the entry, no older and no later one', async () => {
    const all = await company()
    const { team, ada, ben, dev, production, item } = all
    const asks = (teamKeyEpoch: number) => {
      const body = team.bindingBody(ben, team.terms(production, [item]))
      return team.write(ben, 'request.create', { teamKeyEpoch, request: body.request }, body).outcome
    }
    expect(asks(1)).toBe('team_key.stale')
    expect(asks(0)).toBe('accepted')
    const removal = team.removePlain(dev.member)
    expect(team.write(ada, 'member.remove', { ...removal, teamKeyEpoch: 1 }, { reason: '' }).outcome).toBe(
      'team_key.stale',
    )
    expect(team.write(ada, 'member.remove', removal, { reason: '' }).outcome).toBe('accepted')
    expect(asks(0)).toBe('team_key.stale')
    expect(asks(2)).toBe('team_key.stale')
    expect(asks(1)).toBe('accepted')
  })

  it('L8 whoever was verified under a key that an admin planted under a member’s id writes nothing', async () => {
    const all = await company()
    const { team, production, item } = all
    const eve = new Person('Eve')
    const planted = new Person('Eve', 2, eve.member)
    planted.devices[0] = { ...planted.device, device: eve.device.device }
    expect(addAlone(all, planted)).toBe('authority.required')
    expect(addWithQuorum(all, eve)).toBe('accepted')
    const request = team.bindingBody(planted, team.terms(production, [item]))
    expect(team.request(planted, request).outcome).toBe('author.unverified')
    const bytes = team.itemEntry(planted, production.environment, { item, base: 0, epoch: 0 })
    expect(outcomeOf(team.takeItem(production.environment, bytes))).toBe('author.unverified')
    expect(team.compartment(production.environment).items.size).toBe(0)
  })

  it('L8 a device that only others know as somebody’s makes no entry of theirs count', async () => {
    const all = await company()
    const { team, ada, ben, production, item } = all
    const device = ben.newDevice()
    const added = { teamKeyEpoch: 0, device: ben.deviceRecord(team.id, device) }
    const eve = new Person('Eve')
    eve.devices[0] = { ...eve.device, device: device.device }
    expect(addAlone(all, eve)).toBe('authority.required')
    expect(team.write(ben, 'device.add', added, { name: 'phone' }).outcome).toBe('accepted')
    const bytes = team.itemEntry(ben, production.environment, { item, base: 0, epoch: 0 }, { device })
    expect(outcomeOf(team.takeItem(production.environment, bytes))).toBe('author.unverified')
    const body = { ...team.bindingBody(ben, team.terms(production)), device: device.device }
    expect(team.request(ben, body, { device }).outcome).toBe('author.unverified')
    expect(vaultBy(all, ada)).toBe('accepted')
  })

  it('L4 L9 content that is not of its entry’s type, or that did not open, counts for nothing', async () => {
    const { team, ada } = await company()
    const vault = newId()
    const plain = { teamKeyEpoch: 0, vault }
    const alter = team.write(
      ada,
      'vault.create',
      plain,
      { name: 'x' },
      { alter: (e) => ({ ...e, type: 'x.y' }) },
    )
    expect(alter.outcome).toBe('entry.malformed')
    const state = team.replay()
    const { envelope, hash } = team.write(ada, 'vault.create', plain, { name: 'x' })
    expect(outcomeOf(reduceLedger(state, { envelope, content: null, hash }))).toBe('entry.unreadable')
    expect([state.projection.vaults.has(vault), state.projection.head?.seq]).toEqual([false, envelope.seq])
    expect(team.state.projection.vaults.has(vault)).toBe(true)
  })
})
