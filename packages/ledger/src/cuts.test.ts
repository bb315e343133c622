import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import type { Head } from '@countersign/schema/entry'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { outcomeOf } from '../test/ledger-author.ts'
import type { Person } from '../test/person.ts'
import { emptyCompartment, rebuildNeeded } from './compartment.ts'

beforeAll(cryptoReady)

/** Production with one version of an item in it, by Ben; `head` is where it stands. */
const started = async () => {
  const all = await company()
  const { team, ada, ben, production, item } = all
  const { environment } = production
  const taken: Uint8Array[] = []
  const write = (author: Person, base: number, epoch = 0, ledger?: Head, of = item) => {
    const options = ledger === undefined ? {} : { ledger }
    const bytes = team.itemEntry(author, environment, { item: of, base, epoch }, options)
    taken.push(bytes)
    return outcomeOf(team.takeItem(environment, bytes))
  }
  /** Judges everything that was written again, under the ledger as it is now. */
  const judgedAgain = () => {
    const state = emptyCompartment(environment)
    const outcomes = taken.map((bytes) => outcomeOf(team.takeItem(environment, bytes, state)))
    return { state, outcomes }
  }
  const removeBen = (head: Head | null, rekey = true) => {
    const plain = {
      ...team.removePlain(ben.member, rekey ? [environment] : []),
      cuts: [{ environment, head }],
    }
    return team.write(ada, 'member.remove', plain, { reason: '' }).outcome
  }
  expect(write(ben, 0)).toBe('accepted')
  const head = team.compartmentHead(environment)
  const state = () => team.compartment(environment)
  return { ...all, environment, head, write, judgedAgain, removeBen, state }
}

const startEpoch = ({ team, ada, environment }: Awaited<ReturnType<typeof started>>, head: Head | null) =>
  team.write(
    ada,
    'epoch.start',
    { teamKeyEpoch: team.teamKeyEpoch, epoch: team.nextEpoch(environment), cut: { environment, head } },
    {},
  ).outcome

describe('cuts', () => {
  it('L40 a removal, a lowered level and an epoch state one for exactly the environments they affect', async () => {
    const all = await started()
    const { team, ada, ben, cyd, environment, head, development } = all
    const cut = { environment, head }
    const elsewhere = { environment: development.environment, head: null }
    const plain = team.removePlain(ben.member)
    const lower = [{ environment, level: 'view' as const, approve: true, wrap: null }]
    for (const cuts of [[], [elsewhere], [cut, elsewhere], [cut, cut], [{ ...cut, environment: newId() }]]) {
      expect(team.write(ada, 'member.remove', { ...plain, cuts }, { reason: '' }).outcome).toBe(
        'cut.wrong_environments',
      )
      expect(team.setAccess(ada, ben, lower, { cuts }).outcome).toBe('cut.wrong_environments')
    }
    const epoch = team.nextEpoch(environment)
    const start = { teamKeyEpoch: 0, epoch, cut: elsewhere }
    expect(team.write(ada, 'epoch.start', start, {}).outcome).toBe('cut.wrong_environments')
    // Fewer rights without losing a key: there is nothing to cut.
    const less = [{ environment, level: 'view' as const, approve: false, wrap: null }]
    expect(team.setAccess(ada, cyd, less, { cuts: [cut] }).outcome).toBe('cut.wrong_environments')
    expect(team.setAccess(ada, cyd, less).outcome).toBe('accepted')
    expect(team.state.projection.environments.get(environment)?.cuts).toEqual([])
  })

  it('L40 an epoch’s lies never before an earlier one', async () => {
    const all = await started()
    const { team, ben, environment, head, write } = all
    expect(write(ben, 1)).toBe('accepted')
    expect(startEpoch(all, team.compartmentHead(environment))).toBe('accepted')
    for (const earlier of [head, null]) expect(startEpoch(all, earlier)).toBe('cut.backwards')
  })

  it('L19 L40 a removal’s and a lowered level’s bind wherever a false one lies, so that nobody is kept in', async () => {
    for (const end of ['removed', 'lowered'] as const) {
      const all = await started()
      const { team, ada, ben, environment, head, write, removeBen } = all
      expect(startEpoch(all, { seq: 2 ** 40, hash: new Uint8Array(32).fill(7) })).toBe('accepted')
      const before = team.head
      const access = [{ environment, level: 'view' as const, approve: true, wrap: null }]
      const lowered = () => team.setAccess(ada, ben, access, { cuts: [{ environment, head }] }).outcome
      expect(end === 'removed' ? removeBen(head) : lowered()).toBe('accepted')
      // What he writes as if it had been before.
      expect(write(ben, 1, 1, before)).toBe('compartment.cut')
    }
  })

  it('L41 P5 after it nothing under an older epoch counts, whatever ledger head it cites', async () => {
    const all = await started()
    const { team, ada, ben, head, item, write, removeBen, state } = all
    const before = team.head
    expect(removeBen(head, false)).toBe('accepted')
    expect(write(ben, 1, 0, before)).toBe('compartment.cut')
    expect(write(ada, 1, 0, before)).toBe('compartment.cut')
    // No new epoch yet: nobody who stays writes either.
    expect(write(ada, 1, 0)).toBe('compartment.cut')
    expect(startEpoch(all, head)).toBe('accepted')
    expect(write(ada, 1, 0, before)).toBe('compartment.cut')
    expect(write(ada, 1, 1)).toBe('accepted')
    expect(state().items.get(item)).toMatchObject({ version: 2, epoch: 1, history: [0, 5] })
  })

  it('L41 what was there before it goes on counting', async () => {
    const { team, ada, head, item, write, removeBen, judgedAgain, state } = await started()
    expect(removeBen(head)).toBe('accepted')
    expect(write(ada, 1, 1)).toBe('accepted')
    expect(rebuildNeeded(state(), team.state)).toBe('current')
    const again = judgedAgain()
    expect(again.outcomes).toEqual(['accepted', 'accepted'])
    expect(again.state.items.get(item)?.history).toEqual([0, 1])
  })

  it('L42 an entry at its head with another hash is another history, met before or after it', async () => {
    const { team, ada, item, write, removeBen, state } = await started()
    expect(removeBen({ seq: 1, hash: randomBytes(32) })).toBe('accepted')
    expect(write(ada, 1, 1)).toBe('chain.cut_fork')
    expect([state().hashes.length, state().items.get(item)?.version]).toEqual([1, 1])
    expect(rebuildNeeded(state(), team.state)).toBe('current')
    const other = await started()
    expect(other.write(other.ben, 1)).toBe('accepted')
    expect(other.removeBen({ seq: 0, hash: randomBytes(32) })).toBe('accepted')
    expect(rebuildNeeded(other.state(), other.team.state)).toBe('forked')
  })

  it('L46 one that arrives late takes back what counted after it', async () => {
    const { team, ada, ben, head, item, write, removeBen, judgedAgain, state } = await started()
    const before = team.head
    const another = newId()
    expect(write(ben, 1, 0, before)).toBe('accepted')
    expect(write(ben, 0, 0, before, another)).toBe('accepted')
    expect(rebuildNeeded(state(), team.state)).toBe('current')
    expect(removeBen(head)).toBe('accepted')
    expect(rebuildNeeded(state(), team.state)).toBe('rebuild')
    const again = judgedAgain()
    expect(again.outcomes).toEqual(['accepted', 'compartment.cut', 'compartment.cut'])
    expect(again.state.items.get(item)).toMatchObject({ version: 1, history: [0] })
    expect(again.state.items.has(another)).toBe(false)
    expect(rebuildNeeded(again.state, team.state)).toBe('current')
    team.compartments.set(again.state.environment, again.state)
    expect(write(ada, 1, 1)).toBe('accepted')
    expect(rebuildNeeded(state(), team.state)).toBe('current')
  })

  it('L46 one that arrives late takes back what was kept aside after it, too: nobody who left offers a version', async () => {
    const { team, ada, ben, item, write, removeBen, judgedAgain, state } = await started()
    const before = team.head
    expect(write(ada, 1)).toBe('accepted')
    const cutHere = team.compartmentHead(state().environment)
    expect(write(ben, 1, 0, before)).toBe('item.conflict')
    expect(state().forks.get(item)).toHaveLength(1)
    expect(removeBen(cutHere)).toBe('accepted')
    expect(rebuildNeeded(state(), team.state)).toBe('rebuild')
    const again = judgedAgain()
    expect(again.outcomes).toEqual(['accepted', 'accepted', 'compartment.cut'])
    expect(again.state.forks.size).toBe(0)
    expect(rebuildNeeded(again.state, team.state)).toBe('current')
  })
})
