import { seqSchema } from '@countersign/schema/bytes'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { decodeEntry, type Head, headSchema } from '@countersign/schema/entry'
import { idSchema, parseStream, type StreamName, streamSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import type { LocalStore, StoreWrite } from '../store/local-store.ts'
import type { VerifiedEntry } from './verified-entry.ts'

const HASH_BYTES = 32
const HEADS = 'replica/head/'
const entriesOf = (stream: StreamName): string => `replica/entry/${stream}/`
const entryKey = (stream: StreamName, seq: number): string =>
  entriesOf(stream) + seq.toString(16).padStart(10, '0')
const headKey = (stream: StreamName): string => HEADS + stream
const PROVISIONAL = 'replica/provisional/'
const provisionalKey = (stream: StreamName): string => PROVISIONAL + stream
const ownKey = (id: string): string => `replica/own/${id}`

const ownSchema = z.strictObject({ id: idSchema, stream: streamSchema, seq: z.number().int().nonnegative() })

const provisionalSchema = z.strictObject({ from: seqSchema, to: seqSchema })
/** Entries of a stream whose own signatures are still to be checked, both ends included. */
export type ProvisionalRange = z.infer<typeof provisionalSchema>

/** Entries' records, each its hash in front of its bytes, so that neither reading nor comparing hashes again. One block for all of them. */
const entryRecords = (entries: readonly VerifiedEntry[]): Uint8Array[] => {
  let length = 0
  for (const { bytes } of entries) length += HASH_BYTES + bytes.length
  const block = new Uint8Array(length)
  let end = 0
  return entries.map(({ hash, bytes }) => {
    const start = end
    block.set(hash, start)
    block.set(bytes, start + HASH_BYTES)
    end = start + HASH_BYTES + bytes.length
    return new Uint8Array(block.buffer, start, end - start)
  })
}

const within = (range: ProvisionalRange | undefined, seq: number): boolean =>
  range !== undefined && seq >= range.from && seq <= range.to

/**
 * The verified entries on this disk, how far each stream goes, and which of its entries are provisional. Only ever extended; what is
 * provisional is written in one batch with the entries, so that no crash makes them look verified.
 */
export class StreamLog {
  readonly #store: LocalStore
  readonly #heads: Map<StreamName, Head>
  readonly #provisional: Map<StreamName, ProvisionalRange>
  readonly #device: string
  /** Batches reach the store in the order in which memory changed: a late mark must not undo a newer one. */
  #written: Promise<unknown> = Promise.resolve()

  private constructor(
    store: LocalStore,
    device: string,
    heads: Map<StreamName, Head>,
    provisional: Map<StreamName, ProvisionalRange>,
  ) {
    this.#store = store
    this.#device = device
    this.#heads = heads
    this.#provisional = provisional
  }

  /** `device` is this installation's: the ids of its own entries are indexed. */
  static async open(store: LocalStore, device: string): Promise<StreamLog> {
    const heads = new Map<StreamName, Head>()
    for await (const page of store.range(HEADS)) {
      for (const [key, value] of page) {
        heads.set(key.slice(HEADS.length), headSchema.parse(decodeCanonical(value)))
      }
    }
    const provisional = new Map<StreamName, ProvisionalRange>()
    for await (const page of store.range(PROVISIONAL)) {
      for (const [key, value] of page) {
        provisional.set(key.slice(PROVISIONAL.length), provisionalSchema.parse(decodeCanonical(value)))
      }
    }
    return new StreamLog(store, device, heads, provisional)
  }

  streams(): StreamName[] {
    return [...this.#heads.keys()]
  }

  head(stream: StreamName): Head | null {
    return this.#heads.get(stream) ?? null
  }

  /** Streams with provisional entries. */
  get provisional(): ReadonlyMap<StreamName, ProvisionalRange> {
    return this.#provisional
  }

  /** The signatures of a stream's entries before `seq` were all found good. A crash may forget this: then they are checked again. */
  async checkedBefore(stream: StreamName, seq: number): Promise<void> {
    const range = this.#provisional.get(stream)
    if (range === undefined || seq <= range.from) return
    const key = provisionalKey(stream)
    if (seq > range.to) {
      this.#provisional.delete(stream)
      return this.#batch({ puts: [], dels: [key] }, false)
    }
    const rest = { from: seq, to: range.to }
    this.#provisional.set(stream, rest)
    return this.#batch({ puts: [[key, encodeCanonical(rest)]] }, false)
  }

  /**
   * Appends entries of one or more streams, all or none, on disk when it resolves. Entries follow their streams' heads (checked
   * by whoever verified them).
   */
  async write(entries: readonly VerifiedEntry[]): Promise<void> {
    const puts: [string, Uint8Array][] = []
    const moved = new Map<StreamName, Head>()
    const provisional = new Map<StreamName, ProvisionalRange>()
    const records = entryRecords(entries)
    for (const [index, entry] of entries.entries()) {
      const { stream, seq, hash } = entry
      if (entry.provisional) {
        const range = provisional.get(stream) ?? this.#provisional.get(stream)
        provisional.set(stream, { from: range?.from ?? seq, to: seq })
      }
      const before = moved.get(stream) ?? this.#heads.get(stream)
      if (seq !== (before === undefined ? 0 : before.seq + 1)) {
        throw new ClientError('replica.order', 'an entry was written out of order')
      }
      puts.push([entryKey(stream, seq), records[index] as Uint8Array])
      if (entry.entry.envelope.device === this.#device) {
        const { id } = entry.entry.envelope
        puts.push([ownKey(id), encodeCanonical({ id, stream, seq })])
      }
      moved.set(stream, { seq, hash })
    }
    for (const [stream, head] of moved) puts.push([headKey(stream), encodeCanonical(head)])
    for (const [stream, range] of provisional) puts.push([provisionalKey(stream), encodeCanonical(range)])
    // Before the write: should the check finish a range meanwhile, it must not take the new entries for checked.
    for (const [stream, range] of provisional) this.#provisional.set(stream, range)
    await this.#batch({ puts }, true)
    for (const [stream, head] of moved) this.#heads.set(stream, head)
  }

  /** Entries from `from` on, as they were verified; those written while reading may or may not come. */
  async *entries(stream: StreamName, from = 0): AsyncGenerator<VerifiedEntry> {
    for await (const page of this.pages(stream, from)) yield* page
  }

  /** The same in pages: no hop an entry. */
  async *pages(stream: StreamName, from = 0): AsyncGenerator<VerifiedEntry[]> {
    const options = from > 0 ? { after: entryKey(stream, from - 1) } : {}
    for await (const page of this.#store.range(entriesOf(stream), options)) {
      yield page.map(([key, record]) => this.#parse(stream, Number.parseInt(key.slice(-10), 16), record))
    }
  }

  /** The entries' hashes alone, from `from` on, in pages. */
  async *hashPages(stream: StreamName, from = 0): AsyncGenerator<Uint8Array[]> {
    const options = from > 0 ? { after: entryKey(stream, from - 1) } : {}
    for await (const page of this.#store.range(entriesOf(stream), options)) {
      yield page.map(([, record]) => record.slice(0, HASH_BYTES))
    }
  }

  /** The hash of the entry at `seq`; undefined where the stream does not go that far. */
  async hashAt(stream: StreamName, seq: number): Promise<Uint8Array | undefined> {
    const head = this.head(stream)
    if (head !== null && head.seq === seq) return head.hash
    return (await this.#store.get(entryKey(stream, seq)))?.subarray(0, HASH_BYTES)
  }

  async entryAt(stream: StreamName, seq: number): Promise<VerifiedEntry | undefined> {
    const record = await this.#store.get(entryKey(stream, seq))
    return record === undefined ? undefined : this.#parse(stream, seq, record)
  }

  /** Where an entry of this device with this id landed (P19). */
  async ownEntry(id: string): Promise<{ stream: StreamName; seq: number } | undefined> {
    const record = await this.#store.get(ownKey(id))
    if (record === undefined) return undefined
    const { stream, seq } = ownSchema.parse(decodeCanonical(record))
    return { stream, seq }
  }

  #batch(write: StoreWrite, durable: boolean): Promise<void> {
    const written = this.#written.then(() => this.#store.batch(write, { durable }))
    this.#written = written.catch(() => undefined)
    return written
  }

  #parse(stream: StreamName, seq: number, record: Uint8Array): VerifiedEntry {
    const bytes = record.subarray(HASH_BYTES)
    const provisional = within(this.#provisional.get(stream), seq)
    const entry = decodeEntry(bytes, { views: parseStream(stream).kind === 'compartment' })
    return {
      stream,
      seq,
      hash: record.subarray(0, HASH_BYTES),
      bytes,
      entry,
      provisional,
    }
  }
}
