import { newId } from '@countersign/schema/ids'
import { expect, it } from 'vitest'
import { ItemIndex } from './item-index.ts'

const team = newId()
const environment = newId()
const member = newId()
const stored = (name: string, unreadable = 0): string =>
  JSON.stringify({
    items: [
      {
        item: newId(),
        meta: {
          name,
          provider: 'openai',
          fields: ['api_key'],
          note: 'n'.repeat(2000),
          models: [],
          valueHash: Buffer.alloc(32, 7).toString('base64'),
        },
        history: [
          [1, 0, 1_800_000_000_000, member, false, false],
          [2, 5, 1_800_000_000_001, member, false, false],
        ],
        current: 1,
      },
    ],
    unreadable,
  })

it('an index comes back from its parts as it was when they were asked for, whatever came between two of them', () => {
  const names = Array.from({ length: 1000 }, (_, i) => `key-${i}`)
  const index = ItemIndex.restore(
    team,
    environment,
    names.map((name, i) => stored(name, Number(i === 3))),
  )
  const before = [...index.list()]
  const parts: string[] = []
  for (const part of index.stored()) {
    parts.push(part)
    index.unreadable += 1
  }
  expect(parts.length).toBeGreaterThan(2)
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(600_000)
  const again = ItemIndex.restore(team, environment, parts)
  expect([...again.list()]).toEqual(before)
  expect(again.unreadable).toBe(1)
  expect(again.size).toBe(1000)
  expect(again.named('key-999')).toHaveLength(1)
})

it('an index without items keeps what it could not read, and an empty one needs no part', () => {
  const empty = new ItemIndex(team, environment)
  expect([...empty.stored()]).toEqual([])
  empty.unreadable = 2
  expect(ItemIndex.restore(team, environment, empty.stored()).unreadable).toBe(2)
})
