import { Secret } from '@countersign/crypto/secret'
import type { BindingSnapshot, LocatedItem, UnlockedSource } from './source.ts'
import type { TokenEntry } from './token-book.ts'

/** What the audit says of a read. */
export interface ReadSubject {
  readonly item: LocatedItem
  readonly version: number
  readonly field: string | null
}

/** A read worked out once: scope and value, as they were under one stamp of the source. */
export interface PreparedRead {
  readonly snapshot: BindingSnapshot
  readonly subject: ReadSubject
  readonly etag: string
  readonly ageMs: number
  /** The answer's JSON, which holds the value. */
  readonly body: Secret
}

const MAX_KEPT = 1000
const MAX_BODY_BYTES = 65_536
const LOOK_MS = 1000

/**
 * Answers of credential reads, kept while nothing moves: the first read after any change, and after at most the source's own limits of
 * time, works out scope and value afresh. Nothing here decides about a token, a lease or a caller: those are asked on every read. Values
 * are wiped as soon as the source's stamp is seen to differ, at the latest a second later, and when the session ends.
 */
export class PreparedReads {
  readonly #source: Pick<UnlockedSource, 'stamp'>
  readonly #kept = new Map<TokenEntry, Map<string, PreparedRead>>()
  #size = 0
  #stamp = 0
  #closed = false
  #timer: NodeJS.Timeout | undefined

  constructor(source: Pick<UnlockedSource, 'stamp'>) {
    this.#source = source
  }

  get size(): number {
    return this.#size
  }

  /** The read of `target` (path and query as sent) with this token, if it is still what the source would say. */
  find(entry: TokenEntry, snapshot: BindingSnapshot, target: string): PreparedRead | undefined {
    this.#look()
    const read = this.#kept.get(entry)?.get(target)
    return read?.snapshot === snapshot ? read : undefined
  }

  /**
   * Keeps an answer. `stamp` is the source's from before anything was worked out: if it moved meanwhile, nothing is kept. The bytes are
   * copied.
   */
  keep(
    entry: TokenEntry,
    target: string,
    stamp: number,
    read: Omit<PreparedRead, 'body'>,
    body: Uint8Array,
  ): void {
    this.#look()
    if (this.#closed || stamp !== this.#stamp || body.length > MAX_BODY_BYTES || this.#size >= MAX_KEPT)
      return
    const mine = this.#kept.get(entry) ?? new Map<string, PreparedRead>()
    this.#kept.set(entry, mine)
    const before = mine.get(target)
    if (before === undefined) this.#size += 1
    else before.body.wipe()
    mine.set(target, { ...read, body: Secret.take(Uint8Array.from(body)) })
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref()
  }

  wipe(): void {
    for (const mine of this.#kept.values()) for (const { body } of mine.values()) body.wipe()
    this.#kept.clear()
    this.#size = 0
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** Wipes, and keeps nothing any more. */
  close(): void {
    this.#closed = true
    this.wipe()
  }

  #look(): void {
    const stamp = this.#source.stamp()
    if (stamp === this.#stamp) return
    this.#stamp = stamp
    if (this.#size > 0) this.wipe()
  }
}
