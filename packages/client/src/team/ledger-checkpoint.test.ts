import { equalBytes } from '@countersign/crypto/hash'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import type { LedgerState } from '@countersign/ledger/state'
import { company } from '@countersign/ledger/test/company'
import { wholeState } from '@countersign/ledger/test/whole-state'
import { beforeAll, describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { SealedRecords } from '../session/sealed-records.ts'
import type { LocalStore } from '../store/local-store.ts'
import { LedgerCheckpoints } from './ledger-checkpoint.ts'

const SHELF = 'sealed/checkpoint/ledger.closed.'

beforeAll(cryptoReady)

const shelvesOn = async (store: LocalStore): Promise<Map<string, Uint8Array>> => {
  const found = new Map<string, Uint8Array>()
  for await (const page of store.range(SHELF)) for (const [key, value] of page) found.set(key, value)
  return found
}

describe('L73 checkpoints of the ledger on a disk', () => {
  it('L73 each new one replaces the last, writes only what changed, and gives the same state', async () => {
    const { team, dev, production, item } = await company()
    const store = memoryStore()
    const key = Secret.random()
    const opened = () => new LedgerCheckpoints(new SealedRecords(store, key, 'checkpoint'), store)
    const hashAt = async (): Promise<Uint8Array | undefined> => team.head.hash
    const close = (requests: number): void => {
      const terms = team.terms(production, [item])
      for (let i = 0; i < requests; i++) team.must(team.cancel(dev, team.ask(dev, terms)))
    }
    const loaded = async (): Promise<LedgerState | undefined> => (await opened().load(hashAt))?.state
    const checkpoints = opened()
    close(500)
    await checkpoints.save({ state: team.state, joinedAt: new Map() })
    const first = await shelvesOn(store)
    expect(first.size).toBeGreaterThan(1)
    close(10)
    await checkpoints.save({ state: team.state, joinedAt: new Map() })
    const second = await shelvesOn(store)
    const changed = [...second].filter(
      ([name, bytes]) => !equalBytes(first.get(name) ?? new Uint8Array(0), bytes),
    )
    expect(changed.map(([name]) => name)).toEqual([[...first.keys()].at(-1)])

    // A later session goes on from what it loaded.
    const later = opened()
    const state = (await later.load(hashAt))?.state
    if (state === undefined) throw new Error('no checkpoint')
    await later.save({ state, joinedAt: new Map() })
    expect(await shelvesOn(store)).toEqual(second)
    expect(wholeState((await loaded()) ?? state)).toEqual(wholeState(team.state))
  })
})
