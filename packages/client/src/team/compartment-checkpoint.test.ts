import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { SealedRecords } from '../session/sealed-records.ts'
import type { LocalStore } from '../store/local-store.ts'
import { type CompartmentCheckpoint, CompartmentCheckpoints } from './compartment-checkpoint.ts'

beforeAll(cryptoReady)

const environment = newId()
const hash = new Uint8Array(32).fill(9)
const here = async (): Promise<Uint8Array> => hash
const INDEX = ['{"items":[],"unreadable":0}', '{"items":[],"unreadable":1}']
const checkpoint = (stateBytes: number, seq = 41): CompartmentCheckpoint => ({
  seq,
  hash,
  cuts: 1,
  state: new Uint8Array(stateBytes).fill(7),
  index: INDEX,
})
const recordsIn = async (store: LocalStore): Promise<number> => {
  let records = 0
  for await (const page of store.range('sealed/')) records += page.length
  return records
}

describe('compartment checkpoints', () => {
  it('come back whole, in as many parts as their size needs, and a smaller one replaces a larger one', async () => {
    const store = memoryStore()
    const checkpoints = new CompartmentCheckpoints(new SealedRecords(store, Secret.random(), 'checkpoint'))
    for (const size of [9 * 1024 * 1024, 100]) {
      await checkpoints.save(environment, checkpoint(size))
      const loaded = await checkpoints.load(environment, here)
      expect(loaded?.state.length).toBe(size)
      expect(loaded).toMatchObject({ seq: 41, cuts: 1, index: INDEX })
    }
    expect(await recordsIn(store)).toBe(4)
  })

  it('one that was interrupted changes nothing, and the next one leaves nothing of it', async () => {
    const store = memoryStore()
    const key = Secret.random()
    const open = () => new CompartmentCheckpoints(new SealedRecords(store, key.copy(), 'checkpoint'))
    await open().save(environment, checkpoint(10))
    const before = await recordsIn(store)
    const stopped = new Error('the program died here')
    const torn = {
      ...checkpoint(9 * 1024 * 1024, 42),
      *index() {
        yield* INDEX
        yield* INDEX
        throw stopped
      },
    }
    await expect(open().save(environment, { ...torn, index: torn.index() })).rejects.toBe(stopped)
    expect(await recordsIn(store)).toBe(before + 3 + 4)
    expect(await open().load(environment, here)).toMatchObject({ seq: 41, index: INDEX })
    await open().save(environment, checkpoint(20, 43))
    expect(await open().load(environment, here)).toMatchObject({ seq: 43, index: INDEX })
    expect(await recordsIn(store)).toBe(before)
  })

  it('two at once are written one after the other, and the later one stays', async () => {
    const store = memoryStore()
    const checkpoints = new CompartmentCheckpoints(new SealedRecords(store, Secret.random(), 'checkpoint'))
    const sizes = [5 * 1024 * 1024, 9 * 1024 * 1024, 30]
    await Promise.all(sizes.map((size, i) => checkpoints.save(environment, checkpoint(size, 50 + i))))
    const loaded = await checkpoints.load(environment, here)
    expect(loaded).toMatchObject({ seq: 52, index: INDEX })
    expect(loaded?.state.length).toBe(30)
    expect(await recordsIn(store)).toBe(4)
  })

  it('parts of two checkpoints are never put together', async () => {
    const store = memoryStore()
    const checkpoints = new CompartmentCheckpoints(new SealedRecords(store, Secret.random(), 'checkpoint'))
    const part = `sealed/checkpoint/${environment}.0.state.0`
    await checkpoints.save(environment, checkpoint(10))
    const older = await store.get(part)
    if (older === undefined) throw new Error('the part has another name')
    await checkpoints.save(environment, checkpoint(10))
    await checkpoints.save(environment, checkpoint(10))
    expect(await checkpoints.load(environment, here)).not.toBeNull()
    await store.batch({ puts: [[part, older]] }, { durable: true })
    expect(await checkpoints.load(environment, here)).toBeNull()
  })

  it('part by part: the next part is made when the one before was written', async () => {
    const store = memoryStore()
    const checkpoints = new CompartmentCheckpoints(new SealedRecords(store, Secret.random(), 'checkpoint'))
    const written: number[] = []
    const counts: Promise<number>[] = []
    function* index(): Generator<string> {
      for (const part of [...INDEX, ...INDEX]) {
        counts.push(recordsIn(store))
        yield part
      }
    }
    await checkpoints.save(environment, { ...checkpoint(10), index: index() })
    for (const each of counts) written.push(await each)
    expect(written).toEqual([1, 2, 3, 4])
  })

  it('of another history, of another key, or of nothing are not used', async () => {
    const store = memoryStore()
    const records = new SealedRecords(store, Secret.random(), 'checkpoint')
    const checkpoints = new CompartmentCheckpoints(records)
    expect(await checkpoints.load(environment, here)).toBeNull()
    await checkpoints.save(environment, checkpoint(10))
    expect(await checkpoints.load(environment, async () => new Uint8Array(32))).toBeNull()
    expect(await checkpoints.load(environment, async () => undefined)).toBeNull()
    const stranger = new CompartmentCheckpoints(new SealedRecords(store, Secret.random(), 'checkpoint'))
    await expect(stranger.load(environment, here)).rejects.toMatchObject({ code: 'store.corrupt' })
  })
})
