import { newAppToken, newClaim } from '@countersign/crypto/app-token'
import { cryptoReady } from '@countersign/crypto/ready'
import { newId } from '@countersign/schema/ids'
import { beforeAll, describe, expect, it } from 'vitest'
import type { TokenRecord, TokenStore } from './source.ts'
import { TokenBook } from './token-book.ts'

/** A disk whose writes end when the test says so. */
class HeldStore implements TokenStore {
  readonly written: TokenRecord[] = []
  #held: (() => void)[] | null = null

  hold(): void {
    this.#held = []
  }

  /** Everything that waits is written, and what comes next at once. */
  release(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const write of held) write()
  }

  get waiting(): number {
    return this.#held?.length ?? 0
  }

  async load(): Promise<readonly TokenRecord[]> {
    return []
  }

  put(record: TokenRecord): Promise<void> {
    return new Promise((resolve) => {
      const write = (): void => {
        this.written.push(record)
        resolve()
      }
      if (this.#held === null) write()
      else this.#held.push(write)
    })
  }

  async remove(): Promise<void> {}
}

beforeAll(cryptoReady)

const bookOf = async () => {
  const store = new HeldStore()
  const book = await TokenBook.open(store, () => true)
  const binding = newId()
  const record = { claimHash: newClaim().hash, tokenHash: null, used: false, uses: 0 }
  await book.addClaim({ binding, ...record, process: null, session: null, sender: null })
  const entry = book.entry(binding)
  if (entry === undefined) throw new Error('no entry')
  const first = await book.exchange(entry, null)
  if (!first.ok) throw new Error(first.code)
  const hash = entry.record.tokenHash
  if (hash === null) throw new Error('no token')
  return { store, book, entry, hash }
}
const turns = () => new Promise((resolve) => setImmediate(resolve))

describe('P22 a claim exchanged while its token is used', () => {
  it('P22 voids the token before it waits for the disk', async () => {
    const { store, book, entry, hash } = await bookOf()
    expect(book.stands(entry, hash)).toBe(true)
    expect(book.stands(entry, newAppToken().hash)).toBe(false)
    store.hold()
    const second = book.exchange(entry, null)
    await turns()
    expect([store.waiting, book.stands(entry, hash)]).toEqual([1, false])
    store.release()
    expect(await second).toMatchObject({ ok: true })
    expect(book.stands(entry, hash)).toBe(false)
  })

  it('P22 forgets neither the use nor the count that came meanwhile, and says no more than what is on the disk', async () => {
    const { store, book, entry } = await bookOf()
    store.hold()
    const second = book.exchange(entry, null)
    await turns()
    // Of a read that was let in before the exchange began.
    const use = book.use(entry, true)
    expect(entry.useWritten).toBe(false)
    store.release()
    await Promise.all([second, use])
    expect(entry.record).toMatchObject({ used: true, uses: 1 })
    expect(entry.useWritten).toBe(true)
    expect(store.written.at(-1)).toMatchObject({ used: true, uses: 1, tokenHash: entry.record.tokenHash })
    expect(await book.exchange(entry, null)).toEqual({ ok: false, code: 'claim.used' })
  })

  it('P22 is refused where the use came first, however long its write takes', async () => {
    const { store, book, entry } = await bookOf()
    store.hold()
    const use = book.use(entry, false)
    const second = book.exchange(entry, null)
    await turns()
    store.release()
    await use
    expect(await second).toEqual({ ok: false, code: 'claim.used' })
  })
})
