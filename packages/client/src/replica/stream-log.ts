import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { decodeEntry, type Head, headSchema } from '@countersign/schema/entry'
import { idSchema, type StreamName, streamSchema } from '@countersign/schema/ids'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import type { LocalStore } from '../store/local-store.ts'
import type { VerifiedEntry } from './verified-entry.ts'

const HASH_BYTES = 32
const HEADS = 'replica/head/'
const entriesOf = (stream: StreamName): string => `replica/entry/${stream}/`
const entryKey = (stream: StreamName, seq: number): string =>
  entriesOf(stream) + seq.toString(16).padStart(10, '0')
const headKey = (stream: StreamName): string => HEADS + stream
const ownKey = (id: string): string => `replica/own/${id}`

const ownSchema = z.strictObject({ id: idSchema, stream: streamSchema, seq: z.number().int().nonnegative() })

/** An entry's record: its hash in front of its bytes, so that neither reading nor comparing hashes again. */
const entryRecord = (entry: VerifiedEntry): Uint8Array => {
  const out = new Uint8Array(HASH_BYTES + entry.bytes.length)
  out.set(entry.hash, 0)
  out.set(entry.bytes, HASH_BYTES)
  return out
}

const parseRecord = (stream: StreamName, seq: number, record: Uint8Array): VerifiedEntry => {
  const bytes = record.subarray(HASH_BYTES)
  return { stream, seq, hash: record.subarray(0, HASH_BYTES), bytes, entry: decodeEntry(bytes) }
}

/** The verified entries on this disk, and how far each stream goes. Only ever extended. */
export class StreamLog {
  readonly #store: LocalStore
  readonly #heads: Map<StreamName, Head>
  readonly #device: string

  private constructor(store: LocalStore, device: string, heads: Map<StreamName, Head>) {
    this.#store = store
    this.#device = device
    this.#heads = heads
  }

  /** `device` is this installation's: the ids of its own entries are indexed. */
  static async open(store: LocalStore, device: string): Promise<StreamLog> {
    const heads = new Map<StreamName, Head>()
    for await (const page of store.range(HEADS)) {
      for (const [key, value] of page) {
        heads.set(key.slice(HEADS.length), headSchema.parse(decodeCanonical(value)))
      }
    }
    return new StreamLog(store, device, heads)
  }

  streams(): StreamName[] {
    return [...this.#heads.keys()]
  }

  head(stream: StreamName): Head | null {
    return this.#heads.get(stream) ?? null
  }

  /**
   * Appends entries of one or more streams, all or none, on disk when it resolves. Entries follow their streams' heads (checked
   * by whoever verified them).
   */
  async write(entries: readonly VerifiedEntry[]): Promise<void> {
    const puts: [string, Uint8Array][] = []
    const moved = new Map<StreamName, Head>()
    for (const entry of entries) {
      const { stream, seq, hash } = entry
      const before = moved.get(stream) ?? this.#heads.get(stream)
      if (seq !== (before === undefined ? 0 : before.seq + 1)) {
        throw new ClientError('replica.order', 'an entry was written out of order')
      }
      puts.push([entryKey(stream, seq), entryRecord(entry)])
      if (entry.entry.envelope.device === this.#device) {
        const { id } = entry.entry.envelope
        puts.push([ownKey(id), encodeCanonical({ id, stream, seq })])
      }
      moved.set(stream, { seq, hash })
    }
    for (const [stream, head] of moved) puts.push([headKey(stream), encodeCanonical(head)])
    await this.#store.batch({ puts }, { durable: true })
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
      yield page.map(([key, record]) => parseRecord(stream, Number.parseInt(key.slice(-10), 16), record))
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
    return record === undefined ? undefined : parseRecord(stream, seq, record)
  }

  /** Where an entry of this device with this id landed (P19). */
  async ownEntry(id: string): Promise<{ stream: StreamName; seq: number } | undefined> {
    const record = await this.#store.get(ownKey(id))
    if (record === undefined) return undefined
    const { stream, seq } = ownSchema.parse(decodeCanonical(record))
    return { stream, seq }
  }
}
