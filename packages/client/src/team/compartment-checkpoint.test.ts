import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { SealedRecords } from '../session/sealed-records.ts'
import { type CompartmentCheckpoint, CompartmentCheckpoints } from './compartment-checkpoint.ts'

beforeAll(cryptoReady)

const environment = newId()
const hash = new Uint8Array(32).fill(9)
const here = async (): Promise<Uint8Array> => hash
const checkpoint = (stateBytes: number): CompartmentCheckpoint => ({
  seq: 41,
  hash,
  cuts: 1,
  state: new Uint8Array(stateBytes).fill(7),
  index: '{"items":[],"unreadable":0}',
})

describe('compartment checkpoints', () => {
  it('come back whole, in as many parts as their size needs, and a smaller one replaces a larger one', async () => {
    const store = memoryStore()
    const checkpoints = new CompartmentCheckpoints(new SealedRecords(store, Secret.random(), 'checkpoint'))
    for (const size of [9 * 1024 * 1024, 100]) {
      await checkpoints.save(environment, checkpoint(size))
      const loaded = await checkpoints.load(environment, here)
      expect(loaded?.state.length).toBe(size)
      expect(loaded).toMatchObject({ seq: 41, cuts: 1, index: '{"items":[],"unreadable":0}' })
    }
    let records = 0
    for await (const page of store.range('sealed/')) records += page.length
    expect(records).toBe(3)
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
