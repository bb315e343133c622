import {
  type LocalStore,
  LocalStoreError,
  type RangeOptions,
  type StoreFile,
  type StorePage,
  type StoreWrite,
} from '@countersign/client/store/local-store'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { z } from 'zod'
import { DiskError, type SimDisk } from './sim-disk.ts'

/** Small, so that what pages through a stream meets what arrives meanwhile. */
const PAGE = 48

const bytesSchema = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const recordSchema = z.strictObject({
  puts: z.array(z.tuple([z.string(), bytesSchema])),
  dels: z.array(z.string()),
  file: z.strictObject({ name: z.string(), at: z.number(), size: z.number(), bytes: bytesSchema }).optional(),
})

const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

const refused = (cause: unknown): LocalStoreError => {
  if (cause instanceof LocalStoreError) return cause
  if (cause instanceof DiskError && cause.refusal === 'full') {
    return new LocalStoreError('store.full', 'the disk is full: nothing was half-written', { cause })
  }
  return new LocalStoreError('store.failed', 'the local store could not be used', { cause })
}

/** What the simulation watches of a store. */
export interface StoreWatch {
  /** A durable batch has become durable. */
  onDurable?(write: StoreWrite): void
  /** What a program that starts finds: also what one before it wrote and did not live to see durable. */
  onFound?(pairs: ReadonlyMap<string, Uint8Array>): void
  /** A hop before what was read arrives. */
  hop?(): Promise<void>
}

/** The LocalStore of an installation on a simulated disk: batches are records of its journal, atomic and in order like LevelDB's. */
export class DiskLocalStore implements LocalStore {
  readonly #disk: SimDisk
  readonly #watch: StoreWatch
  readonly #pairs = new Map<string, Uint8Array>()
  readonly #files = new Map<string, Uint8Array>()
  #keys: string[] | null = null
  #open = true

  constructor(disk: SimDisk, watch: StoreWatch = {}) {
    this.#disk = disk
    this.#watch = watch
    for (const bytes of disk.records()) this.#apply(recordSchema.parse(decodeCanonical(bytes)))
    watch.onFound?.(this.#pairs)
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#mustBeOpen()
    const value = this.#pairs.get(key)?.slice()
    await this.#watch.hop?.()
    return value
  }

  async batch(write: StoreWrite, { durable }: { durable: boolean }): Promise<void> {
    this.#mustBeOpen()
    const { puts, dels = [] } = write
    const record = {
      puts: puts.map(([key, value]): [string, Uint8Array] => [key, value.slice()]),
      dels: [...dels],
    }
    try {
      await this.#disk.write(encodeCanonical(record), durable)
    } catch (cause) {
      throw refused(cause)
    }
    this.#apply(record)
    if (durable) this.#watch.onDurable?.(write)
  }

  async *range(prefix: string, options: RangeOptions = {}): AsyncGenerator<StorePage> {
    this.#mustBeOpen()
    const { after, reverse = false, limit = Number.POSITIVE_INFINITY } = options
    this.#keys ??= [...this.#pairs.keys()].sort(order)
    const keys = this.#keys.filter(
      (key) => key.startsWith(prefix) && (after === undefined || order(key, after) > 0),
    )
    if (reverse) keys.reverse()
    const found = keys.slice(0, limit).flatMap((key) => {
      const value = this.#pairs.get(key)
      return value === undefined ? [] : [[key, value.slice()] as const]
    })
    for (let at = 0; at < found.length; at += PAGE) {
      await this.#watch.hop?.()
      this.#mustBeOpen()
      yield found.slice(at, at + PAGE)
    }
  }

  async file(name: string): Promise<StoreFile> {
    this.#mustBeOpen()
    const held = (): Uint8Array => this.#files.get(name) ?? new Uint8Array(0)
    const change = async (at: number, size: number, bytes: Uint8Array): Promise<void> => {
      this.#mustBeOpen()
      const record = { puts: [], dels: [], file: { name, at, size, bytes: bytes.slice() } }
      try {
        await this.#disk.write(encodeCanonical(record), true)
      } catch (cause) {
        throw refused(cause)
      }
      this.#apply(record)
    }
    return {
      get size() {
        return held().length
      },
      read: async (at, length) => {
        this.#mustBeOpen()
        await this.#watch.hop?.()
        return held().slice(at, at + length)
      },
      write: (at, bytes) => change(at, Math.max(held().length, at + bytes.length), bytes),
      truncate: (size) => change(size, size, new Uint8Array(0)),
    }
  }

  async close(): Promise<void> {
    this.#open = false
  }

  #mustBeOpen(): void {
    if (!this.#open) throw new LocalStoreError('store.closed', 'the local store is closed')
  }

  #apply({ puts, dels, file }: z.infer<typeof recordSchema>): void {
    if (file !== undefined) {
      const bytes = new Uint8Array(file.size)
      bytes.set((this.#files.get(file.name) ?? bytes).subarray(0, file.size))
      bytes.set(file.bytes, file.at)
      this.#files.set(file.name, bytes)
    }
    for (const [key, value] of puts) {
      if (!this.#pairs.has(key)) this.#keys = null
      this.#pairs.set(key, value)
    }
    for (const key of dels) if (this.#pairs.delete(key)) this.#keys = null
  }
}
