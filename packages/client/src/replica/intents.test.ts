import { newId } from '@countersign/schema/ids'
import { beforeEach, describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import type { LocalStore } from '../store/local-store.ts'
import { type Intent, IntentQueue } from './intents.ts'

let store: LocalStore
let queue: IntentQueue
beforeEach(async () => {
  store = memoryStore()
  queue = await IntentQueue.open(store)
})

const add = (kind: string): Promise<Intent> => queue.add({ kind, data: { kind }, createdAt: 1 })
const kinds = (intents: readonly Intent[]): string[] => intents.map(({ kind }) => kind)

describe('P19 offline queue', () => {
  it('P19 keeps intents, their order and their ids over a restart', async () => {
    const added = [await add('a'), await add('b'), await add('c')]
    const again = await IntentQueue.open(store)
    expect(again.waiting()).toEqual(added)
    const later = await again.add({ kind: 'd', data: null, createdAt: 2, id: newId() })
    expect(again.waiting().at(-1)).toEqual(later)
  })

  it('P19 replays in order, once each, and stops at the first that has to wait', async () => {
    for (const kind of ['a', 'b', 'c']) await add(kind)
    const seen: string[] = []
    let online = false
    const handler = async ({ kind }: Intent) => {
      seen.push(kind)
      return kind === 'b' && !online
        ? ({ state: 'wait', code: 'offline' } as const)
        : ({ state: 'done' } as const)
    }
    expect(await queue.replay(handler)).toMatchObject({ done: 1, waiting: 2 })
    online = true
    expect(await queue.replay(handler)).toMatchObject({ done: 2, waiting: 0 })
    expect(seen).toEqual(['a', 'b', 'b', 'c'])
    expect((await IntentQueue.open(store)).waiting()).toEqual([])
  })

  it('P19 keeps a conflict aside until somebody chooses, over a restart too, and goes on with the rest', async () => {
    const clash = await add('clash')
    await add('fine')
    const report = await queue.replay(async ({ kind }) =>
      kind === 'clash' ? { state: 'conflict', code: 'item.conflict', message: 'changed' } : { state: 'done' },
    )
    expect(kinds(report.conflicts)).toEqual(['clash'])
    const again = await IntentQueue.open(store)
    expect(again.waiting()).toEqual([])
    expect(again.conflicts()).toMatchObject([{ id: clash.id, conflict: { code: 'item.conflict' } }])
    await again.retry(clash.id, { kind: 'mine' })
    expect(again.waiting()).toMatchObject([{ id: clash.id, data: { kind: 'mine' }, conflict: null }])
    await again.drop(clash.id)
    expect((await IntentQueue.open(store)).conflicts()).toEqual([])
  })

  it('P19 loses nothing when the handler throws, and a second replay joins the first', async () => {
    await add('a')
    await expect(queue.replay(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(queue.waiting()).toHaveLength(1)
    let runs = 0
    const handler = async () => {
      runs++
      await new Promise((resolve) => setTimeout(resolve, 5))
      return { state: 'done' } as const
    }
    await Promise.all([queue.replay(handler), queue.replay(handler)])
    expect(runs).toBe(1)
  })
})
