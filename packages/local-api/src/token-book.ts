import { newAppToken } from '@countersign/crypto/app-token'
import { equalBytes } from '@countersign/crypto/hash'
import type { ProblemCode } from '@countersign/schema/problem'
import type { TokenRecord, TokenStore } from './source.ts'

/** A record and the chain that orders its writes. */
export interface TokenEntry {
  record: TokenRecord
  /** Hash of the token that works now: none before the first exchange, during each, and after the binding was given back. */
  token: Uint8Array | null
  writes: Promise<void>
  /** The first use is on disk. */
  useWritten: boolean
}

export type Use =
  | { readonly ok: true; readonly written: Promise<void> | undefined }
  | { readonly ok: false; readonly code: 'token.unknown' | 'lease.used_up' }

const ON_DISK: Use = { ok: true, written: undefined }

const entryOf = (record: TokenRecord): TokenEntry => ({
  record,
  token: record.tokenHash,
  writes: Promise.resolve(),
  useWritten: record.used,
})

const keyOf = (hash: Uint8Array): string =>
  Buffer.from(hash.buffer, hash.byteOffset, hash.length).toString('latin1')

/**
 * Tokens and claims by their hashes (P22). A claim may be exchanged until its token's first use; each exchange voids the token before
 * it. What must outlive a crash is written before it takes effect for anybody.
 */
export class TokenBook {
  readonly #store: TokenStore
  readonly #byBinding = new Map<string, TokenEntry>()
  readonly #byToken = new Map<string, TokenEntry>()
  readonly #onTheWay = new Set<Promise<void>>()
  #closed = false

  private constructor(store: TokenStore) {
    this.#store = store
  }

  /** `keep` says whether a stored record is still of use. */
  static async open(store: TokenStore, keep: (record: TokenRecord) => boolean): Promise<TokenBook> {
    const book = new TokenBook(store)
    for (const record of await store.load()) {
      if (keep(record)) book.#index(entryOf(record))
      else await store.remove(record.binding)
    }
    return book
  }

  get size(): number {
    return this.#byBinding.size
  }

  async addClaim(record: TokenRecord): Promise<void> {
    await this.#track(this.#store.put(record))
    this.#index(entryOf(record))
  }

  entry(binding: string): TokenEntry | undefined {
    return this.#byBinding.get(binding)
  }

  /** By the hash of a presented token. The map is keyed by hash, so what timing could tell is about hashes, not tokens. */
  byToken(hash: Uint8Array): TokenEntry | undefined {
    const entry = this.#byToken.get(keyOf(hash))
    const working = entry?.token
    return working != null && equalBytes(working, hash) ? entry : undefined
  }

  /** Whether `token`, once read from this entry, is the one that works still: a wait may have voided it. */
  works(entry: TokenEntry, token: Uint8Array): boolean {
    return entry.token === token
  }

  /** By the hash of a presented claim. Rare, so it may look at each. */
  byClaim(hash: Uint8Array): TokenEntry | undefined {
    for (const entry of this.#byBinding.values()) if (equalBytes(entry.record.claimHash, hash)) return entry
    return undefined
  }

  /** Whether a presented claim belongs to this binding. */
  claimFits(entry: TokenEntry, claimHash: Uint8Array): boolean {
    return equalBytes(entry.record.claimHash, claimHash)
  }

  /** A fresh token for a claim, or `claim.used` after the first use of an earlier one. */
  async exchange(
    entry: TokenEntry,
    session: string | null,
  ): Promise<{ ok: true; token: string } | { ok: false; code: ProblemCode }> {
    let outcome: { ok: true; token: string } | { ok: false; code: ProblemCode } = {
      ok: false,
      code: 'claim.used',
    }
    await this.#write(entry, async () => {
      if (entry.record.used) return
      if (!this.#holds(entry)) return
      this.#mustBeOpen()
      const { token, hash } = newAppToken()
      // The old token dies first: nothing that began with it counts as a use of the next one.
      this.#silence(entry)
      await this.#store.put({ ...entry.record, tokenHash: hash, session })
      // Given back meanwhile: no token of it may come to life.
      if (!this.#holds(entry)) return
      // Uses may have been given back during the write.
      entry.record = { ...entry.record, tokenHash: hash, session }
      entry.token = hash
      this.#byToken.set(keyOf(hash), entry)
      outcome = { ok: true, token }
    })
    return outcome
  }

  /**
   * In one turn: the token works still, the lease has so many uses left, they are taken, and the claim is spent. `limit` null: they are
   * not counted. Nothing may leave before `written` resolves; undefined where there is nothing to write.
   */
  use(entry: TokenEntry, token: Uint8Array, uses: number, limit: number | null): Use {
    if (!this.works(entry, token)) return { ok: false, code: 'token.unknown' }
    const counted = limit === null ? 0 : uses
    if (limit !== null && entry.record.uses + counted > limit) return { ok: false, code: 'lease.used_up' }
    if (entry.useWritten && counted === 0) return ON_DISK
    entry.record = { ...entry.record, used: true, uses: entry.record.uses + counted }
    return { ok: true, written: this.#writeRecord(entry) }
  }

  /**
   * Gives uses back that were taken for an answer in which no value left. The claim stays spent: the token was shown. Where the disk
   * refuses, it has too many, never too few.
   */
  giveBackUses(entry: TokenEntry, uses: number): void {
    if (uses === 0) return
    entry.record = { ...entry.record, uses: entry.record.uses - uses }
    this.#writeRecord(entry).catch(() => undefined)
  }

  async remove(binding: string): Promise<void> {
    const entry = this.#byBinding.get(binding)
    if (entry === undefined) return
    this.#byBinding.delete(binding)
    this.#silence(entry)
    await this.#write(entry, () => this.#store.remove(binding))
  }

  /**
   * The session ended. Nothing but removals is written any more, or what this book remembers would cover what the next session counted.
   * Resolves when nothing is on its way to the store.
   */
  async close(): Promise<void> {
    this.#closed = true
    while (this.#onTheWay.size > 0) await Promise.allSettled(this.#onTheWay)
  }

  /** From now on no token of this entry works. */
  #silence(entry: TokenEntry): void {
    if (entry.token !== null) this.#byToken.delete(keyOf(entry.token))
    entry.token = null
  }

  #writeRecord(entry: TokenEntry): Promise<void> {
    return this.#write(entry, async () => {
      // Given back meanwhile: what was removed is not written again.
      if (!this.#holds(entry)) return
      this.#mustBeOpen()
      const { record } = entry
      await this.#store.put(record)
      // Of what was written, not of what the record has become.
      entry.useWritten ||= record.used
    })
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new Error('the session of this token book ended')
  }

  #holds(entry: TokenEntry): boolean {
    return this.#byBinding.get(entry.record.binding) === entry
  }

  #index(entry: TokenEntry): void {
    this.#byBinding.set(entry.record.binding, entry)
    if (entry.token !== null) this.#byToken.set(keyOf(entry.token), entry)
  }

  /** Writes about one binding happen one after another; a failed one does not stop the next. */
  #write(entry: TokenEntry, work: () => Promise<void>): Promise<void> {
    const run = entry.writes.then(work)
    entry.writes = run.catch(() => undefined)
    return this.#track(run)
  }

  #track(work: Promise<void>): Promise<void> {
    const done = (): boolean => this.#onTheWay.delete(work)
    this.#onTheWay.add(work)
    work.then(done, done)
    return work
  }
}
