import { newAppToken, newClaim } from '@countersign/crypto/app-token'
import { newId } from '@countersign/schema/ids'
import { beforeEach, expect, test } from 'vitest'
import type { TokenRecord } from './source.ts'
import { Hold } from './test/hold.ts'
import { TokenBook, type TokenEntry } from './token-book.ts'

const writes = new Hold()
const disk = new Map<string, TokenRecord>()
let full = false
const store = {
  load: async () => [...disk.values()],
  put: async (record: TokenRecord) => {
    await writes.pass()
    if (full) throw new Error('the disk is full')
    disk.set(record.binding, record)
  },
  remove: async (binding: string) => {
    disk.delete(binding)
  },
}
const turn = () => new Promise((resolve) => setImmediate(resolve))

let book: TokenBook
let entry: TokenEntry
let token: Uint8Array
beforeEach(async () => {
  writes.letGo()
  disk.clear()
  full = false
  const binding = newId()
  book = await TokenBook.open(store, () => true)
  await book.addClaim({
    binding,
    claimHash: newClaim().hash,
    tokenHash: null,
    used: false,
    uses: 0,
    process: null,
    session: null,
    sender: null,
  })
  const found = book.entry(binding)
  if (found === undefined) throw new Error('it was just added')
  entry = found
  await book.exchange(entry, null)
  if (entry.token === null) throw new Error('it was just exchanged')
  token = entry.token
})

const take = async (uses: number, limit: number | null): Promise<string> => {
  const use = book.use(entry, token, uses, limit)
  if (!use.ok) return use.code
  await use.written
  return 'ok'
}

test('P22 uses are taken as a whole or not at all, in the turn in which they are asked for', async () => {
  const outcomes = [take(2, 5), take(2, 5), take(2, 5), take(1, 5), take(1, 5)]
  expect(await Promise.all(outcomes)).toEqual(['ok', 'ok', 'lease.used_up', 'ok', 'lease.used_up'])
  expect(disk.get(entry.record.binding)).toMatchObject({ used: true, uses: 5 })
})

test('P22 uses that are given back are on disk as such, and those taken meanwhile stay', async () => {
  await take(2, 5)
  const later = take(1, 5)
  book.giveBackUses(entry, 2)
  await later
  await turn()
  expect(disk.get(entry.record.binding)).toMatchObject({ used: true, uses: 1 })
})

test('P22 what the disk refused is written with the next use, though it is not counted', async () => {
  full = true
  await expect(take(0, null)).rejects.toThrow('full')
  full = false
  expect(await take(0, null)).toBe('ok')
  expect(disk.get(entry.record.binding)?.used).toBe(true)
  expect(book.use(entry, token, 1, null)).toEqual({ ok: true, written: undefined })
})

test('P22 from the moment a claim is exchanged no token before it works, also where the disk then refuses', async () => {
  writes.hold()
  const exchanging = book.exchange(entry, null)
  await turn()
  expect([book.works(entry, token), book.byToken(token)]).toEqual([false, undefined])
  expect(await take(1, 1)).toBe('token.unknown')
  full = true
  writes.letGo()
  await expect(exchanging).rejects.toThrow('full')
  expect(await take(1, 1)).toBe('token.unknown')
  full = false
  expect((await book.exchange(entry, null)).ok).toBe(true)
  expect(disk.get(entry.record.binding)).toMatchObject({ used: false, uses: 0 })
})

test('P22 an exchange forgets no use that was given back during its write', async () => {
  const other = await TokenBook.open(store, () => true)
  const loaded = other.entry(entry.record.binding)
  if (loaded === undefined) throw new Error('it is on disk')
  loaded.record = { ...loaded.record, uses: 3 }
  writes.hold()
  const exchanging = other.exchange(loaded, null)
  await turn()
  other.giveBackUses(loaded, 2)
  writes.letGo()
  await exchanging
  await turn()
  expect(disk.get(entry.record.binding)).toEqual(loaded.record)
  expect(loaded.record).toMatchObject({ uses: 1, tokenHash: loaded.token })
})

test('P22 a binding that is given back while its claim is exchanged has no token that works', async () => {
  writes.hold()
  const exchanging = book.exchange(entry, null)
  await turn()
  const removing = book.remove(entry.record.binding)
  writes.letGo()
  expect(await exchanging).toEqual({ ok: false, code: 'claim.used' })
  await removing
  expect([entry.token, book.byToken(token), disk.size]).toEqual([null, undefined, 0])
})

test('P13 P22 a book whose session ended writes nothing but removals, and waits for what is on its way', async () => {
  writes.hold()
  const first = take(1, 5)
  await turn()
  const second = expect(take(1, 5)).rejects.toThrow('ended')
  const exchanging = expect(book.exchange(entry, null)).resolves.toEqual({ ok: false, code: 'claim.used' })
  let closed = false
  const closing = book.close().then(() => {
    closed = true
  })
  await turn()
  expect(closed).toBe(false)
  writes.letGo()
  await Promise.all([first, second, exchanging, closing])
  expect(disk.get(entry.record.binding)?.uses).toBe(1)
  // The next session counts; nothing that the last one gives back may cover it.
  disk.set(entry.record.binding, { ...entry.record, uses: 4 })
  book.giveBackUses(entry, 2)
  await turn()
  expect(disk.get(entry.record.binding)?.uses).toBe(4)
  await book.remove(entry.record.binding)
  expect(disk.size).toBe(0)
})

test('P22 a hash that no token has finds nothing', () => {
  expect(book.byToken(newAppToken().hash)).toBeUndefined()
  expect(book.byToken(token)).toBe(entry)
})
