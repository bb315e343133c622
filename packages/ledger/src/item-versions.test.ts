import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { outcomeOf } from '../test/ledger-author.ts'
import type { Person } from '../test/person.ts'

beforeAll(cryptoReady)

const started = async () => {
  const all = await company()
  const { team, production, item } = all
  const { environment } = production
  const write = (author: Person, base: number, changes: { deleted?: boolean; version?: number } = {}) => {
    const { version, deleted = false } = changes
    const options = version === undefined ? {} : { version }
    const bytes = team.itemEntry(author, environment, { item, base, epoch: 0, deleted }, options)
    return outcomeOf(team.takeItem(environment, bytes))
  }
  const current = () => team.compartment(environment).items.get(item)
  const forks = () => team.compartment(environment).forks.get(item)
  return { ...all, environment, write, current, forks }
}

describe('versions of an item', () => {
  it('L45 P19 a version follows its base', async () => {
    const { ben, write, current } = await started()
    expect(write(ben, 0, { version: 2 })).toBe('item.version')
    expect(write(ben, 1, { version: 1 })).toBe('item.version')
    expect(current()).toBeUndefined()
    expect(write(ben, 0)).toBe('accepted')
    expect(write(ben, 1, { version: 3 })).toBe('item.version')
    expect(write(ben, 1)).toBe('accepted')
    expect(current()).toMatchObject({ version: 2, seq: 4, history: [2, 4] })
  })

  it('L45 P19 one that replaces what is no longer current is kept aside, and a later version settles it', async () => {
    const { ada, ben, write, current, forks } = await started()
    expect(write(ben, 1)).toBe('item.conflict')
    expect(current()).toBeUndefined()
    expect(write(ben, 0)).toBe('accepted')
    expect(forks()).toBeUndefined()
    expect(write(ada, 0)).toBe('item.conflict')
    expect(write(ada, 0, { deleted: true })).toBe('item.conflict')
    expect(write(ada, 7)).toBe('item.conflict')
    expect(current()).toMatchObject({ version: 1, seq: 1, member: ben.member, history: [1] })
    expect(forks()).toMatchObject([
      { seq: 2, base: 0, deleted: false, member: ada.member },
      { seq: 3, base: 0, deleted: true, member: ada.member },
      { seq: 4, base: 7, deleted: false, member: ada.member },
    ])
    expect(write(ben, 1)).toBe('accepted')
    expect(current()).toMatchObject({ version: 2, seq: 5 })
    expect(forks()).toBeUndefined()
  })

  it('L45 a deletion is a version of what is there, and a put on it brings the item back', async () => {
    const { team, ben, environment, write, current } = await started()
    expect(write(ben, 0, { deleted: true })).toBe('item.unknown')
    expect(write(ben, 0)).toBe('accepted')
    expect(write(ben, 1, { deleted: true })).toBe('accepted')
    expect(current()).toMatchObject({ version: 2, deleted: true })
    expect(write(ben, 2, { deleted: true })).toBe('item.unknown')
    expect(write(ben, 1)).toBe('item.conflict')
    expect(write(ben, 2)).toBe('accepted')
    expect(current()).toMatchObject({ version: 3, deleted: false, history: [1, 2, 5] })
    expect(outcomeOf(team.put(ben, environment, newId(), 0))).toBe('accepted')
  })
})
