import { cryptoReady } from '@countersign/crypto/ready'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import { beforeAll, describe, expect, it } from 'vitest'
import { company } from '../test/company.ts'
import { LedgerError } from './ledger-error.ts'
import { RequestBook, type Shelf } from './request-book.ts'
import { packState, unpackState } from './state-checkpoint.ts'

beforeAll(cryptoReady)

const reads = (shelves: readonly Shelf[]): { shelves: Shelf[]; count: () => number } => {
  let count = 0
  const counted = shelves.map((shelf) => ({
    read: () => {
      count += 1
      return shelf.read()
    },
  }))
  return { shelves: counted, count: () => count }
}

describe('requests in a checkpoint', () => {
  it('L73 a closed request is read when it is asked for, and keeps its id for ever', async () => {
    const { team, dev, production, item } = await company()
    const closed = team.ask(dev, team.terms(production, [item]))
    team.must(team.cancel(dev, closed))
    const open = team.ask(dev, team.terms(production, [item]))
    const packed = packState(team.state)
    const { shelves, count } = reads(packed.closed)
    const { requests } = unpackState({ ...packed, closed: shelves })
    expect(requests.ids()).toEqual([closed, open])
    expect(requests.has(closed)).toBe(true)
    expect(requests.get(open)?.state).toBe('open')
    expect(count()).toBe(0)
    expect(requests.get(closed)).toEqual(team.state.requests.get(closed))
    expect(requests.get(closed)).toBe(requests.get(closed))
    expect(count()).toBe(1)
  })

  it('L73 a full shelf is packed once', async () => {
    const { team, dev, production, item } = await company()
    const close = (requests: number): void => {
      for (let i = 0; i < requests; i++)
        team.must(team.cancel(dev, team.ask(dev, team.terms(production, [item]))))
    }
    close(500)
    const first = packState(team.state).closed
    close(300)
    const second = packState(team.state).closed
    expect(first.length).toBeGreaterThan(1)
    expect(second.length).toBeGreaterThan(first.length)
    for (const [at, shelf] of first.slice(0, -1).entries()) expect(second[at]).toBe(shelf)
    expect(packState(team.state).closed).toEqual(second)
  })

  it('L73 what is not the request that was packed is refused when it is read', async () => {
    const { team, dev, production, item } = await company()
    const ids = [0, 1].map(() => {
      const id = team.ask(dev, team.terms(production, [item]))
      team.must(team.cancel(dev, id))
      return id
    })
    const packed = packState(team.state)
    const records = [...team.state.requests.values()].map((record) => encodeCanonical(record as CborValue))
    const bad = [
      [],
      [...records].reverse(),
      [records[0], new Uint8Array(3)],
      [records[0], encodeCanonical({})],
    ]
    for (const shelf of bad) {
      const bytes = encodeCanonical(shelf as Uint8Array[])
      const { requests } = unpackState({ ...packed, closed: [{ read: () => bytes }] })
      expect(() => requests.get(ids[1] ?? '')).toThrow(LedgerError)
    }
    expect(() => unpackState({ ...packed, closed: [] })).toThrow(LedgerError)
  })

  it('L73 two requests with one place in the order are refused: another would have none', () => {
    const ids = new Uint8Array(32)
    ids[31] = 1
    const book = (orders: readonly [number, number]): RequestBook => {
      const places = new DataView(new ArrayBuffer(24))
      for (const [row, order] of orders.entries()) {
        places.setUint32(row * 12, order)
        places.setUint32(row * 12 + 4, 0xffff_ffff)
      }
      return new RequestBook({
        ids,
        places: new Uint8Array(places.buffer),
        live: [new Uint8Array(1)],
        shelves: [],
      })
    }
    expect(book([1, 0]).ids()).toEqual([`${'0'.repeat(31)}1`, '0'.repeat(32)])
    for (const orders of [
      [0, 0],
      [1, 1],
      [0, 2],
    ] as const)
      expect(() => book(orders)).toThrow(RangeError)
  })
})
