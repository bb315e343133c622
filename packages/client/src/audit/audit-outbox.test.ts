import { describe, expect, it } from 'vitest'
import { withFileWrites } from '../../test/file-writes.ts'
import { memoryStore } from '../../test/memory-store.ts'
import { type LocalStore, LocalStoreError } from '../store/local-store.ts'
import { AuditOutbox } from './audit-outbox.ts'

const ALL = { records: 1_000_000, bytes: 1_000_000_000 }
const record = (number: number, length = 5): Uint8Array => {
  const bytes = new Uint8Array(length).fill(0x80 + (number % 100))
  new DataView(bytes.buffer).setUint32(0, number)
  return bytes
}
const numberOf = (bytes: Uint8Array): number => new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
const waitingIn = async (outbox: AuditOutbox): Promise<number[]> =>
  (await outbox.oldest(ALL)).records.map(numberOf)
const upTo = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i)

const FILES = ['audit-a', 'audit-b']
const wholeFile = async (store: LocalStore, name: string): Promise<Uint8Array> => {
  const file = await store.file(name)
  return file.read(0, file.size)
}
/** A store with these files, as one that starts after a crash finds them. */
const storeWith = async (files: Readonly<Record<string, Uint8Array>>): Promise<LocalStore> => {
  const store = memoryStore()
  for (const [name, bytes] of Object.entries(files)) await (await store.file(name)).write(0, bytes)
  return store
}
const copyOf = async (store: LocalStore): Promise<LocalStore> =>
  storeWith(
    Object.fromEntries(await Promise.all(FILES.map(async (name) => [name, await wholeFile(store, name)]))),
  )

const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** Five groups of 1, 2, 3, 4, 5 records, and where each ends. */
const fiveGroups = async () => {
  const store = memoryStore()
  const outbox = await AuditOutbox.open(store)
  const ends: number[] = []
  let made = 0
  for (let group = 1; group <= 5; group++) {
    await outbox.append(upTo(made, made + group).map((number) => record(number)))
    made += group
    ends.push((await store.file('audit-a')).size)
  }
  return { bytes: await wholeFile(store, 'audit-a'), ends }
}
const RECORDS_AFTER = [0, 1, 3, 6, 10, 15]

describe('audit outbox', () => {
  it('P18 gives what waits in order, over restarts, until it is dropped', async () => {
    const store = memoryStore()
    const first = await AuditOutbox.open(store)
    await first.append([record(0), record(1)])
    await Promise.all([first.append([record(2)]), first.append([record(3), record(4)])])
    const part = await first.oldest({ records: 3, bytes: 1000 })
    expect(part.records.map(numberOf)).toEqual([0, 1, 2])
    await first.drop(part.end)
    expect([first.waiting, await waitingIn(first)]).toEqual([2, [3, 4]])
    const second = await AuditOutbox.open(store)
    await second.append([record(5)])
    expect([second.waiting, await waitingIn(second)]).toEqual([3, [3, 4, 5]])
    await second.drop((await second.oldest(ALL)).end)
    const third = await AuditOutbox.open(store)
    expect([third.waiting, await waitingIn(third)]).toEqual([0, []])
  })

  it('P18 cut off at any byte it has exactly the groups before the cut, and goes on from there', async () => {
    const { bytes, ends } = await fiveGroups()
    for (let cut = 0; cut <= bytes.length; cut++) {
      const kept = RECORDS_AFTER[ends.filter((end) => end <= cut).length] ?? 0
      const zeros = new Uint8Array(bytes.length - cut + 100)
      const junk = new Uint8Array(64).fill(0x63)
      for (const left of [
        bytes.subarray(0, cut),
        joined(bytes.subarray(0, cut), zeros),
        joined(bytes.subarray(0, cut), junk),
      ]) {
        const store = await storeWith({ 'audit-a': left })
        const outbox = await AuditOutbox.open(store)
        await outbox.append([record(kept)])
        expect(await waitingIn(outbox)).toEqual(upTo(0, kept + 1))
        expect(await waitingIn(await AuditOutbox.open(store))).toEqual(upTo(0, kept + 1))
      }
    }
  })

  it('P18 a bit that turned over in what was acknowledged is told, never read past', async () => {
    const { bytes, ends } = await fiveGroups()
    const lastStart = ends[3] ?? 0
    for (let at = 0; at < bytes.length; at++) {
      const turned = bytes.slice()
      turned[at] = (turned[at] ?? 0) ^ (1 << (at % 8))
      const opened = storeWith({ 'audit-a': turned }).then((store) => AuditOutbox.open(store))
      if (at < lastStart) await expect(opened).rejects.toMatchObject({ code: 'store.corrupt' })
      // The last group cannot be told from one that was never finished.
      else expect(await waitingIn(await opened)).toEqual(upTo(0, 10))
    }
  })

  it('P18 a write that failed half-way leaves nothing behind, and the next one takes its place', async () => {
    const store = memoryStore()
    let failAfter = Number.POSITIVE_INFINITY
    const flaky = withFileWrites(store, async (file, at, bytes) => {
      await file.write(at, bytes.subarray(0, failAfter))
      if (bytes.length > failAfter) throw new LocalStoreError('store.full', 'the disk is full')
    })
    const outbox = await AuditOutbox.open(flaky)
    await outbox.append([record(0)])
    let kept = 1
    for (let part = 0; part < 150; part += 7) {
      failAfter = part
      await expect(outbox.append([record(900), record(901), record(902, 150)])).rejects.toMatchObject({
        code: 'store.full',
      })
      expect(await waitingIn(await AuditOutbox.open(await copyOf(store)))).toEqual(upTo(0, kept))
      failAfter = Number.POSITIVE_INFINITY
      await outbox.append([record(kept)])
      kept += 1
      expect(await waitingIn(await AuditOutbox.open(await copyOf(store)))).toEqual(upTo(0, kept))
    }
  })

  it('P18 files that are sent are used again, and a restart at any moment finds what waits', async () => {
    const store = memoryStore()
    let outbox = await AuditOutbox.open(store)
    let made = 0
    let dropped = 0
    const sizes = new Set<number>()
    for (let round = 0; round < 120; round++) {
      await outbox.append([record(made, 200_000), record(made + 1)])
      made += 2
      if (round % 3 === 2) {
        const { records, end } = await outbox.oldest({ records: 5, bytes: 10_000_000 })
        await outbox.drop(end)
        dropped += records.length
      }
      if (round % 10 === 9) outbox = await AuditOutbox.open(store)
      expect(outbox.waiting).toBe(made - dropped)
      for (const name of FILES) sizes.add((await store.file(name)).size)
    }
    expect(await waitingIn(outbox)).toEqual(upTo(dropped, made))
    // 24 MB went through.
    expect(Math.max(...sizes)).toBeLessThan(6_000_000)
  })

  it('P18 a file that was begun anew and torn loses nothing of the other', async () => {
    const store = memoryStore()
    const outbox = await AuditOutbox.open(store)
    for (let number = 0; number < 5; number++) await outbox.append([record(number, 1_000_000)])
    await outbox.append([record(5, 1_000_000)])
    await outbox.drop((await outbox.oldest({ records: 5, bytes: 10_000_000 })).end)
    await outbox.append([record(6, 5_000_000)])
    await outbox.drop((await outbox.oldest({ records: 1, bytes: 1 })).end)
    const before = await wholeFile(store, 'audit-a')
    await outbox.append([record(7), record(8)])
    const after = await wholeFile(store, 'audit-a')
    expect(await waitingIn(outbox)).toEqual([6, 7, 8])
    const other = await wholeFile(store, 'audit-b')
    for (let cut = 0; cut < 90; cut += 5) {
      const torn = joined(after.subarray(0, cut), before.subarray(cut))
      const found = await AuditOutbox.open(await storeWith({ 'audit-a': torn, 'audit-b': other }))
      expect(await waitingIn(found)).toEqual(
        after.subarray(cut).every((byte, i) => byte === before[cut + i]) ? [6, 7, 8] : [6],
      )
    }
  })

  it('P18 a lost file with entries that wait is told', async () => {
    const store = memoryStore()
    const outbox = await AuditOutbox.open(store)
    for (let number = 0; number < 6; number++) await outbox.append([record(number, 1_000_000)])
    await outbox.drop((await outbox.oldest({ records: 2, bytes: 1 })).end)
    const other = await wholeFile(store, 'audit-b')
    expect(other.length).toBeGreaterThan(0)
    await expect(AuditOutbox.open(await storeWith({ 'audit-b': other }))).rejects.toMatchObject({
      code: 'store.corrupt',
    })
  })
})
