import { newAppToken } from '@countersign/crypto/app-token'
import { equalBytes } from '@countersign/crypto/hash'
import type { ProblemCode } from '@countersign/schema/problem'
import type { TokenRecord, TokenStore } from './source.ts'

/** A record and the chain that orders its writes. */
export interface TokenEntry {
  record: TokenRecord
  writes: Promise<void>
  /** The first use is on disk. */
  useWritten: boolean
}

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

  private constructor(store: TokenStore) {
    this.#store = store
  }

  /** `keep` says whether a stored record is still of use. */
  static async open(store: TokenStore, keep: (record: TokenRecord) => boolean): Promise<TokenBook> {
    const book = new TokenBook(store)
    for (const record of await store.load()) {
      if (keep(record)) book.#index({ record, writes: Promise.resolve(), useWritten: record.used })
      else await store.remove(record.binding)
    }
    return book
  }

  get size(): number {
    return this.#byBinding.size
  }

  async addClaim(record: TokenRecord): Promise<void> {
    await this.#store.put(record)
    this.#index({ record, writes: Promise.resolve(), useWritten: false })
  }

  entry(binding: string): TokenEntry | undefined {
    return this.#byBinding.get(binding)
  }

  /** By the hash of a presented token. The map is keyed by hash, so what timing could tell is about hashes, not tokens. */
  byToken(hash: Uint8Array): TokenEntry | undefined {
    const entry = this.#byToken.get(keyOf(hash))
    const stored = entry?.record.tokenHash
    return stored != null && equalBytes(stored, hash) ? entry : undefined
  }

  /** Whether the token that was presented is the binding's still: exchanging the claim voids it, and so does giving it back. */
  stands(entry: TokenEntry, token: Uint8Array): boolean {
    return this.byToken(token) === entry
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
      const { token, hash } = newAppToken()
      const previous = entry.record.tokenHash
      // The old token dies first: a crash in between leaves none, and the claim fetches another. Nor is it used from here on.
      if (previous !== null) this.#byToken.delete(keyOf(previous))
      await this.#store.put({ ...entry.record, tokenHash: hash, session })
      entry.record = { ...entry.record, tokenHash: hash, session }
      this.#byToken.set(keyOf(hash), entry)
      outcome = { ok: true, token }
    })
    return outcome
  }

  /**
   * Marks the first use, and counts a use where the lease limits them. Resolves at once when there is nothing to write. Whether there is
   * one left, and whether the token stands, is asked in the same turn: reads come side by side.
   */
  use(entry: TokenEntry, counted: boolean): Promise<void> | undefined {
    if (entry.useWritten && !counted) return undefined
    entry.record = { ...entry.record, used: true, uses: entry.record.uses + (counted ? 1 : 0) }
    return this.#write(entry, async () => {
      // Given back meanwhile: what was removed is not written again.
      if (!this.#holds(entry)) return
      const { record } = entry
      await this.#store.put(record)
      if (record.used) entry.useWritten = true
    })
  }

  async remove(binding: string): Promise<void> {
    const entry = this.#byBinding.get(binding)
    if (entry === undefined) return
    this.#byBinding.delete(binding)
    if (entry.record.tokenHash !== null) this.#byToken.delete(keyOf(entry.record.tokenHash))
    await this.#write(entry, () => this.#store.remove(binding))
  }

  #holds(entry: TokenEntry): boolean {
    return this.#byBinding.get(entry.record.binding) === entry
  }

  #index(entry: TokenEntry): void {
    this.#byBinding.set(entry.record.binding, entry)
    if (entry.record.tokenHash !== null) this.#byToken.set(keyOf(entry.record.tokenHash), entry)
  }

  /** Writes about one binding happen one after another; a failed one does not stop the next. */
  #write(entry: TokenEntry, work: () => Promise<void>): Promise<void> {
    const run = entry.writes.then(work)
    entry.writes = run.catch(() => undefined)
    return run
  }
}
