import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { decodeEntry, type Envelope } from '@countersign/schema/entry'
import { compartmentStream, newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { outcomeOf } from '../test/ledger-author.ts'
import { Person } from '../test/person.ts'
import { emptyCompartment, reduceCompartment } from './compartment.ts'
import { parseCompartmentContent } from './compartment-content.ts'
import { entryHash } from './entry-hash.ts'

beforeAll(cryptoReady)

const started = async (options: Parameters<typeof company>[0] = {}) => {
  const all = await company(options)
  const { team, production, item } = all
  const { environment } = production
  type Change = Partial<Parameters<typeof team.itemEntry>[2]>
  type Options = Parameters<typeof team.itemEntry>[3]
  const entry = (author: Person, change: Change = {}, options: Options = {}) =>
    team.itemEntry(author, environment, { item, base: 0, epoch: 0, ...change }, options)
  const write = (author: Person, change: Change = {}, options: Options = {}) =>
    outcomeOf(team.takeItem(environment, entry(author, change, options)))
  const altered = (changes: Partial<Envelope>) =>
    write(all.ben, { item: newId() }, { alter: (envelope) => ({ ...envelope, ...changes }) })
  return { ...all, environment, entry, write, altered, state: () => team.compartment(environment) }
}

describe('a compartment’s stream', () => {
  it('L2 L5 a gap, another order, another team and another stream break it and change nothing', async () => {
    const { ben, write, altered, state } = await started()
    expect(altered({ seq: 1 })).toBe('chain.seq')
    expect(altered({ prev: randomBytes(32) })).toBe('chain.prev')
    expect(write(ben)).toBe('accepted')
    const before = structuredClone({ ...state(), hashes: state().hashes.toBytes() })
    expect(altered({ seq: 0 })).toBe('chain.seq')
    expect(altered({ prev: randomBytes(32) })).toBe('chain.prev')
    expect(altered({ team: newId() })).toBe('chain.team')
    expect(altered({ stream: compartmentStream(newId()) })).toBe('chain.stream')
    expect(structuredClone({ ...state(), hashes: state().hashes.toBytes() })).toEqual(before)
    expect(altered({})).toBe('accepted')
  })

  it('L3 an entry that a holder has not signed never stands in it', async () => {
    const { ada, ben, cyd, write, state } = await started()
    const inBensName = (envelope: Envelope) => ({
      ...envelope,
      member: ben.member,
      device: ben.device.device,
    })
    expect(write(cyd, {}, { alter: inBensName })).toBe('chain.signature')
    expect(write(new Person('Eve'))).toBe('chain.author')
    expect(state().hashes.length).toBe(0)
    expect(write(ben, {}, { device: ada.device })).toBe('author.device')
  })

  it('L4 L9 an id is used once, refused entries included, and content that is not of its type counts for nothing', async () => {
    const { ben, cyd, item, write, altered, state } = await started()
    const id = newId()
    expect(write(cyd, {}, { id })).toBe('compartment.not_holder')
    expect(write(ben, {}, { id })).toBe('entry.duplicate_id')
    expect(altered({ plain: { item, base: 0, version: 1, epoch: 0 } })).toBe('entry.malformed')
    expect(altered({ type: 'item.rename' })).toBe('entry.malformed')
    expect([state().items.size, state().hashes.length]).toEqual([0, 4])
    expect(write(ben)).toBe('accepted')
  })

  it('L42 the ledger head it cites is in this ledger, and an entry that is ahead of it waits', async () => {
    const { team, ben, environment, entry, altered, state } = await started()
    expect(altered({ ledger: null })).toBe('chain.ledger_fork')
    expect(altered({ ledger: { seq: team.head.seq, hash: randomBytes(32) } })).toBe('chain.ledger_fork')
    expect(altered({ ledger: { seq: 0, hash: team.head.hash } })).toBe('chain.ledger_fork')
    expect(altered({ ledger: { seq: team.head.seq + 1, hash: randomBytes(32) } })).toBe('ledger.behind')
    expect(state()).toEqual(emptyCompartment(environment))
    const lagging = team.replay()
    team.vault('later')
    const bytes = entry(ben)
    const { envelope } = decodeEntry(bytes)
    const take = (ledger: typeof lagging) => {
      const content = parseCompartmentContent(envelope)
      return outcomeOf(reduceCompartment(state(), ledger, { envelope, content, hash: entryHash(bytes) }))
    }
    expect(take(lagging)).toBe('ledger.behind')
    expect(state()).toEqual(emptyCompartment(environment))
    expect(take(team.replay())).toBe('accepted')
  })
})

describe('an author in a compartment', () => {
  it('L43 was active as of the cited ledger head: not before they came, not after they left', async () => {
    const { team, ada, ben, dev, production, write } = await started({ closed: false })
    const before = team.head
    const eve = new Person('Eve')
    team.add(eve, [], [team.accessTo(eve.member, production.environment, 'hold')])
    expect(write(eve, {}, { ledger: before })).toBe('author.inactive')
    expect(write(eve)).toBe('accepted')
    team.must(team.remove(ada, dev))
    expect(write(dev, { item: newId() })).toBe('author.inactive')
    team.must(team.remove(ada, ben, [production.environment]))
    expect(write(ben, { item: newId() })).toBe('author.inactive')
  })

  it('L43 wrote with an active device of their own', async () => {
    const { team, ada, ben, write } = await started()
    const before = team.head
    const device = ben.newDevice()
    expect(write(ben, {}, { device })).toBe('author.device')
    const added = { teamKeyEpoch: 0, device: ben.deviceRecord(team.id, device) }
    team.must(team.write(ben, 'device.add', added, { name: 'phone' }))
    expect(write(ben, {}, { device, ledger: before })).toBe('author.device')
    expect(write(ben, {}, { device: ada.device })).toBe('author.device')
    const there = team.head
    team.must(team.write(ben, 'device.remove', { teamKeyEpoch: 0, device: device.device }, {}))
    expect(write(ben, {}, { device })).toBe('author.device')
    expect(write(ben, {}, { device, ledger: there })).toBe('accepted')
  })

  it('L43 held the environment then: no lower level writes, and nothing before there was one', async () => {
    const { team, ada, ben, cyd, dev, auditor, environment, entry, write } = await started()
    for (const person of [cyd, dev, auditor]) expect(write(person)).toBe('compartment.not_holder')
    const [first] = team.entries
    if (first === undefined) throw new Error('the team has an entry')
    expect(write(ada, {}, { ledger: { seq: 0, hash: first.hash } })).toBe('compartment.unknown')
    const lowered = [{ environment, level: 'request' as const, approve: true, wrap: null }]
    const held = team.head
    const cut = { environment, head: team.compartmentHead(environment) }
    const epochs = [team.nextEpoch(environment, new Map([[ben.member, 'request']]))]
    team.must(team.setAccess(ada, ben, lowered, { epochs, cuts: [cut] }))
    expect(write(ben, { epoch: 1 })).toBe('compartment.not_holder')
    expect(write(ben, { epoch: 0 }, { ledger: held })).toBe('compartment.cut')
    const elsewhere = newId()
    const bytes = team.itemEntry(ada, elsewhere, { item: newId(), base: 0, epoch: 0 })
    expect(outcomeOf(team.takeItem(elsewhere, bytes))).toBe('compartment.unknown')
    expect(outcomeOf(team.takeItem(environment, entry(ada, { epoch: 1 })))).toBe('accepted')
  })

  it('L44 writes under the epoch that was current as of the cited ledger head', async () => {
    const { team, ada, ben, environment, write } = await started()
    expect(write(ben, { epoch: 1 })).toBe('compartment.epoch')
    const before = team.head
    const plain = { teamKeyEpoch: 0, epoch: team.nextEpoch(environment), cut: { environment, head: null } }
    team.must(team.write(ada, 'epoch.start', plain, {}))
    expect(write(ben, { epoch: 0 })).toBe('compartment.epoch')
    expect(write(ben, { epoch: 2 })).toBe('compartment.epoch')
    expect(write(ben, { epoch: 1 }, { ledger: before })).toBe('compartment.epoch')
    expect(write(ben, { epoch: 1 })).toBe('accepted')
  })

  it('L47 cites no older ledger head than an accepted entry before', async () => {
    const { team, ada, ben, cyd, item, write } = await started()
    const old = team.head
    team.vault('later')
    expect(write(cyd)).toBe('compartment.not_holder')
    expect(write(ben, {}, { ledger: old })).toBe('accepted')
    expect(write(ada, { item, base: 0 })).toBe('item.conflict')
    const another = newId()
    expect(write(ada, { item: another }, { ledger: old })).toBe('accepted')
    expect(write(ada, { item: another, base: 1 })).toBe('accepted')
    expect(write(ben, { base: 1 }, { ledger: old })).toBe('ledger.decreased')
    expect(write(ben, { base: 1 })).toBe('accepted')
  })
})
