import type { SeededRandom } from '../runtime/seeded-random.ts'
import { frameRecord, readRecords } from './journal.ts'

export type DiskRefusal = 'full' | 'failed'

export class DiskError extends Error {
  override readonly name = 'DiskError'
  readonly refusal: DiskRefusal

  constructor(refusal: DiskRefusal) {
    super(`the simulated disk is ${refusal}`)
    this.refusal = refusal
  }
}

interface SimDiskOptions {
  readonly random: SeededRandom
  /** Waits, in virtual time. */
  readonly delay: (ms: number) => Promise<void>
  /** Every write, for the trace. */
  readonly onWrite?: (bytes: Uint8Array) => void
}

/**
 * One journal on a disk that can be slow, full, failing or lose its power. What was synced stays. Of what was not, a crash of the program
 * leaves everything that was handed over; a loss of power leaves some prefix, down to the byte, and perhaps garbage where the rest was.
 */
export class SimDisk {
  /** How long a sync takes, in ms. */
  syncMs = 1
  capacity = Number.POSITIVE_INFINITY
  failing = false
  /** Writes until `onArmed` is called, at the moment of the write and before it is durable; null: never. */
  armed: { writes: number; onArmed: () => void } | null = null
  readonly #options: SimDiskOptions
  #written: Uint8Array[] = []
  #writtenBytes = 0
  #synced = 0
  /** Syncs run one after the other. */
  #syncing: Promise<void> = Promise.resolve()

  constructor(options: SimDiskOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#writtenBytes
  }

  /** The records that are durable whatever happens now. */
  get durableRecords(): number {
    return this.#synced
  }

  /** Hands a record over; with `sync` it is durable when the promise resolves, and so is everything before it. Rejects with DiskError. */
  async write(record: Uint8Array, sync: boolean): Promise<void> {
    if (this.failing) throw new DiskError('failed')
    const framed = frameRecord(record)
    if (this.#writtenBytes + framed.length > this.capacity) throw new DiskError('full')
    this.#options.onWrite?.(framed)
    this.#written.push(framed)
    this.#writtenBytes += framed.length
    const position = this.#written.length
    this.#countDown()
    if (!sync) return
    const turn = this.#syncing.then(() => this.#options.delay(this.syncMs))
    this.#syncing = turn
    await turn
    this.#synced = Math.max(this.#synced, position)
  }

  /** What a program that starts now finds. */
  records(): Uint8Array[] {
    // It waits for no sync of a program before it: one that died in the middle of it never sees its end.
    this.#syncing = Promise.resolve()
    const { records, end } = readRecords(new Uint8Array(Buffer.concat(this.#written)))
    // As every journal does at its opening: what is torn is cut off before anything is added.
    this.#replace(records, end)
    return records
  }

  /** The program is gone; what it had handed over to the system is there. */
  programCrashed(): void {
    this.#syncing = Promise.resolve()
    this.armed = null
    this.#synced = this.#written.length
  }

  /** Power loss: a prefix of what was not synced is left, torn anywhere. */
  powerLost(): void {
    const { random } = this.#options
    const durable = this.#written.slice(0, this.#synced)
    const loose = Buffer.concat(this.#written.slice(this.#synced))
    const left = new Uint8Array(loose.subarray(0, random.int(0, loose.length + 1)))
    if (left.length > 0 && random.chance(0.3)) random.fill(left.subarray(random.int(0, left.length)))
    this.#syncing = Promise.resolve()
    this.armed = null
    this.#replace([...durable, left], undefined)
    this.records()
    this.#synced = this.#written.length
  }

  /** Everything on it, for another disk with the same content. */
  copyTo(other: SimDisk): void {
    other.#written = [...this.#written]
    other.#writtenBytes = this.#writtenBytes
    other.#synced = this.#written.length
  }

  /** Forgets everything after a number of records: what a restored backup looks like. */
  truncate(records: number): void {
    this.#replace(this.#written.slice(0, records), undefined)
    this.#synced = this.#written.length
  }

  get recordCount(): number {
    return this.#written.length
  }

  #countDown(): void {
    if (this.armed === null) return
    this.armed.writes -= 1
    if (this.armed.writes > 0) return
    const { onArmed } = this.armed
    this.armed = null
    onArmed()
  }

  /** `end`: the pieces are unframed records of so many bytes together; else they are pieces as they were written. */
  #replace(pieces: readonly Uint8Array[], end: number | undefined): void {
    this.#written = end === undefined ? [...pieces] : pieces.map(frameRecord)
    this.#writtenBytes = this.#written.reduce((sum, piece) => sum + piece.length, 0)
    this.#synced = Math.min(this.#synced, this.#written.length)
  }
}
