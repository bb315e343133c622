import {
  type CborValue,
  decodeCanonical,
  encodeCanonical,
  viewCanonical,
} from '@countersign/schema/canonical'
import type { RequestId } from '@countersign/schema/ids'
import { z } from 'zod'
import { IdTable } from './id-table.ts'
import { type RequestRecord, requestRecordSchema } from './request-record.ts'
import { restoring } from './restoring.ts'

/** A shelf takes more until it has so many bytes: few enough to open in a moment, so many that there are few shelves. */
const SHELF_BYTES = 256 * 1024
/** In the place of a shelf: the request is among the live ones. */
const LIVE = 0xffff_ffff

/** Closed requests, the canonical array of their canonical bytes. A full one never changes: whoever keeps it writes it once. */
export interface Shelf {
  readonly read: () => Uint8Array
}

/** A book as a checkpoint keeps it. Nothing in `ids` and `places` says more than the ledger's clear parts and the order of the shelves. */
export interface PackedRequests {
  /** An `IdTable`. */
  readonly ids: Uint8Array
  /** For each id three numbers of 4 bytes: which request of the ledger it is, on which shelf, and where there. */
  readonly places: Uint8Array
  /** Records that may still change, each in canonical bytes. */
  readonly live: readonly Uint8Array[]
  readonly shelves: readonly Shelf[]
}

interface Place {
  readonly order: number
  readonly shelf: number
  readonly at: number
}

const PLACE_BYTES = 12
const recordsSchema = z.array(z.instanceof(Uint8Array))

const bytesOf = (record: RequestRecord): Uint8Array => encodeCanonical(record as CborValue)
const shelfOf = (records: readonly Uint8Array[]): Shelf => {
  const bytes = encodeCanonical([...records])
  return { read: () => bytes }
}
const EMPTY: PackedRequests = {
  ids: new Uint8Array(0),
  places: new Uint8Array(0),
  live: [],
  shelves: [],
}

/**
 * Every request of a ledger by id, in the order they were made. Those of a checkpoint are read when somebody asks for them: nearly all
 * are closed, and no later entry changes those.
 */
export class RequestBook {
  #packed: PackedRequests
  #table: IdTable
  #places: DataView
  /** Those that were read or made; the only ones that can have changed. */
  readonly #records = new Map<RequestId, RequestRecord>()
  readonly #opened = new Map<number, readonly Uint8Array[]>()
  /** Made since it was packed, in order. */
  #since: RequestId[] = []
  #ordered: RequestId[] | null = null

  /** Throws RangeError where ids and places do not fit together. */
  constructor(packed: PackedRequests = EMPTY) {
    const { ids, places, live, shelves } = packed
    this.#packed = packed
    this.#table = new IdTable(ids)
    this.#places = new DataView(places.buffer, places.byteOffset, places.byteLength)
    if (places.length !== this.#table.size * PLACE_BYTES) throw new RangeError('not a place for each request')
    const { size } = this.#table
    const taken = new Uint8Array(size)
    for (let offset = 0; offset < places.length; offset += PLACE_BYTES) {
      const order = this.#places.getUint32(offset)
      const shelf = this.#places.getUint32(offset + 4)
      const there = shelf === LIVE ? this.#places.getUint32(offset + 8) < live.length : shelf < shelves.length
      // Two with one place in the order would leave a hole where another should be.
      if (order >= size || taken[order] === 1 || !there) throw new RangeError('a request has no place')
      taken[order] = 1
    }
  }

  get size(): number {
    return this.#table.size + this.#since.length
  }

  has(id: RequestId): boolean {
    return this.#records.has(id) || this.#table.indexOf(id) >= 0
  }

  /** The one record of a request; throws LedgerError `checkpoint.damaged` where it was packed and cannot be read. */
  get(id: RequestId): RequestRecord | undefined {
    const known = this.#records.get(id)
    if (known !== undefined) return known
    const row = this.#table.indexOf(id)
    if (row < 0) return undefined
    const record = this.#read(id, this.#place(row))
    this.#records.set(id, record)
    return record
  }

  /** A request that was not there before. */
  add(record: RequestRecord): void {
    this.#records.set(record.request, record)
    this.#since.push(record.request)
    this.#ordered?.push(record.request)
  }

  /** In the order they were made, those from the place `from` on. */
  ids(from = 0): readonly RequestId[] {
    if (from >= this.#table.size) return this.#since.slice(from - this.#table.size)
    if (this.#ordered === null) {
      const ordered = new Array<RequestId>(this.#table.size)
      for (let row = 0; row < this.#table.size; row++) ordered[this.#place(row).order] = this.#table.at(row)
      this.#ordered = [...ordered, ...this.#since]
    }
    return from === 0 ? this.#ordered : this.#ordered.slice(from)
  }

  *values(): Generator<RequestRecord> {
    for (const id of this.ids()) {
      const record = this.get(id)
      if (record !== undefined) yield record
    }
  }

  /** For a checkpoint: those that `isLive` says may still change, and the others on shelves. Shelves that did not change stay the same objects. */
  pack(isLive: (id: RequestId) => boolean): PackedRequests {
    const { table, from } = IdTable.merged(this.#table, IdTable.of(this.#since))
    const orders = new Map(this.#since.map((id, at) => [id, this.#table.size + at]))
    const places = new DataView(new ArrayBuffer(table.size * PLACE_BYTES))
    const live: Uint8Array[] = []
    const closed: { row: number; order: number; bytes: Uint8Array }[] = []
    const put = (row: number, shelf: number, at: number): void => {
      places.setUint32(row * PLACE_BYTES + 4, shelf)
      places.setUint32(row * PLACE_BYTES + 8, at)
    }
    for (const [row, before] of from.entries()) {
      const place = before < 0 ? null : this.#place(before)
      const order = place?.order ?? orders.get(table.at(row)) ?? 0
      places.setUint32(row * PLACE_BYTES, order)
      if (place !== null && place.shelf !== LIVE) {
        put(row, place.shelf, place.at)
        continue
      }
      const id = table.at(row)
      const record = this.#records.get(id)
      const bytes = record === undefined ? this.#packed.live[place?.at ?? 0] : bytesOf(record)
      if (bytes === undefined) throw new RangeError('a request has no place')
      if (!isLive(id)) closed.push({ row, order, bytes })
      else put(row, LIVE, live.push(bytes) - 1)
    }
    closed.sort((one, two) => one.order - two.order)
    const shelves = this.#shelve(closed, put)
    const packed = { ids: table.bytes, places: new Uint8Array(places.buffer), live, shelves }
    this.#packed = packed
    this.#table = table
    this.#places = places
    this.#since = []
    return packed
  }

  /** Puts closed requests on the last shelf while that has room, then on new ones. */
  #shelve(
    closed: readonly { row: number; bytes: Uint8Array }[],
    put: (row: number, shelf: number, at: number) => void,
  ): readonly Shelf[] {
    if (closed.length === 0) return this.#packed.shelves
    const shelves = [...this.#packed.shelves]
    const last = shelves.length - 1
    const room = last >= 0 && (shelves[last]?.read().length ?? 0) < SHELF_BYTES
    let current = room ? [...this.#open(last)] : []
    let size = current.reduce((sum, bytes) => sum + bytes.length, 0)
    if (room) shelves.pop()
    const close = (): void => {
      this.#opened.delete(shelves.length)
      shelves.push(shelfOf(current))
      current = []
      size = 0
    }
    for (const { row, bytes } of closed) {
      put(row, shelves.length, current.push(bytes) - 1)
      size += bytes.length
      if (size >= SHELF_BYTES) close()
    }
    if (current.length > 0) close()
    return shelves
  }

  #place(row: number): Place {
    const offset = row * PLACE_BYTES
    return {
      order: this.#places.getUint32(offset),
      shelf: this.#places.getUint32(offset + 4),
      at: this.#places.getUint32(offset + 8),
    }
  }

  #open(shelf: number): readonly Uint8Array[] {
    const known = this.#opened.get(shelf)
    if (known !== undefined) return known
    const records = recordsSchema.parse(
      viewCanonical(this.#packed.shelves[shelf]?.read() ?? new Uint8Array(0)),
    )
    this.#opened.set(shelf, records)
    return records
  }

  #read(id: RequestId, { shelf, at }: Place): RequestRecord {
    return restoring(() => {
      const bytes = shelf === LIVE ? this.#packed.live[at] : this.#open(shelf)[at]
      if (bytes === undefined) throw new RangeError('a request has no place')
      const record = requestRecordSchema.parse(decodeCanonical(bytes))
      if (record.request !== id) throw new RangeError('a request is in the place of another')
      return record
    })
  }
}
