import type { AuditAction, AuditRecord } from '@countersign/schema/audit'
import { plainRecord } from './plain-record.ts'
import { UnrecordedReads } from './unrecorded-reads.ts'

const MAX_BATCH = 4096
const MAX_WAITING = 20_000
const DENIAL_FLUSH_MS = 1000
/** How often it is tried whether the disk takes what it owes, where no program asks meanwhile. */
const RETRY_MS = 1000
/**
 * A group waits for as many as the last moment had under way, but for no more turns of the event loop than this without one of them: some
 * 50 µs. Turns, not time: a clock may stand still while the loop turns (the simulation's does).
 */
const IDLE_TURNS = 12

interface Batch {
  readonly records: AuditRecord[]
  readonly durable: Promise<void>
  readonly settle: (error: unknown) => void
}

const newBatch = (): Batch => {
  let settle: (error: unknown) => void = () => undefined
  const durable = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error))
  })
  return { records: [], durable, settle }
}

/**
 * Group commit: records that come while one write is on its way wait for the next, and share its promise. Nothing is answered before
 * that promise resolves. Programs that were just answered mostly ask again at once: the next write starts when as many have come as were
 * under way, or when none comes any more, so that all share one write instead of taking turns with two. What a policy let by without a
 * record (`unrecorded`) is written before anything else.
 */
export class AuditGate {
  readonly #write: (records: readonly AuditRecord[]) => Promise<void>
  readonly #now: () => number
  #open: Batch = newBatch()
  #writing = false
  #scheduled = false
  /** How many were under way when the last write ended. */
  #expected = 1
  #gathered = 0
  #idleTurns = 0
  #idle: (() => void)[] = []
  readonly #denials = new Map<string, AuditRecord>()
  #denialTimer: NodeJS.Timeout | undefined
  #retryTimer: NodeJS.Timeout | undefined
  #ended = false
  readonly unrecorded: UnrecordedReads
  /** Told when everything that was read without a record is on record. */
  readonly #onRecordAgain: () => void
  /** Writes that failed since the start. */
  failures = 0

  constructor(
    write: (records: readonly AuditRecord[]) => Promise<void>,
    now: () => number,
    onRecordAgain: () => void = () => undefined,
  ) {
    this.#write = write
    this.#now = now
    this.#onRecordAgain = onRecordAgain
    this.unrecorded = new UnrecordedReads(now)
  }

  /** Whether so much waits that nothing more should be taken on. */
  get full(): boolean {
    return this.#open.records.length >= MAX_WAITING
  }

  /** Resolves when the record is durable; rejects with the writer's error. */
  append(record: AuditRecord): Promise<void> {
    const batch = this.#open
    batch.records.push(record)
    if (!this.#writing) this.#schedule()
    return batch.durable
  }

  /** `UnrecordedReads.admit`; what is let by is written as soon as the disk takes it, whether or not anybody asks meanwhile. */
  letBy(...read: Parameters<UnrecordedReads['admit']>): boolean {
    const admitted = this.unrecorded.admit(...read)
    if (admitted) this.#retryLater()
    return admitted
  }

  /** Gathers what all connections send, turn by turn of the event loop. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#gathered = 0
    setImmediate(() => this.#gather())
  }

  #gather(): void {
    const waiting = this.#open.records.length
    this.#idleTurns = waiting > this.#gathered ? 0 : this.#idleTurns + 1
    this.#gathered = waiting
    if (waiting < this.#expected && this.#idleTurns < IDLE_TURNS) {
      setImmediate(() => this.#gather())
      return
    }
    this.#scheduled = false
    this.#flush()
  }

  /** Denials nobody authenticated for: alike ones of the same second become one record with a count (P18). */
  deny(action: AuditAction, code: string): void {
    const key = `${action} ${code}`
    const known = this.#denials.get(key)
    if (known !== undefined) {
      known.count += 1
      return
    }
    this.#denials.set(key, plainRecord(this.#now(), action, code))
    this.#denialTimer ??= setTimeout(() => this.#flushDenials(), DENIAL_FLUSH_MS).unref()
  }

  /** Writes what waits, denials too, and resolves when nothing is on its way. */
  async close(): Promise<void> {
    this.#flushDenials()
    if (this.unrecorded.since !== null && !this.#writing) this.#schedule()
    if (!this.#writing && !this.#scheduled) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** As `close`, and nothing is tried again afterwards. */
  async end(): Promise<void> {
    this.#ended = true
    clearTimeout(this.#retryTimer)
    await this.close()
  }

  #flushDenials(): void {
    clearTimeout(this.#denialTimer)
    this.#denialTimer = undefined
    const records = [...this.#denials.values()]
    this.#denials.clear()
    // The denial itself was answered long ago; a failing disk shows in `failures` and stops every read.
    for (const record of records) this.append(record).catch(() => undefined)
  }

  #flush(): void {
    const batch = this.#open
    // What is let by is counted before the turn in which the next write starts: nothing is added to this while it is written.
    const owed = this.unrecorded.owed()
    if (batch.records.length === 0 && owed.length === 0) {
      this.#rest()
      return
    }
    this.#open = newBatch()
    this.#writing = true
    // Nobody may be waiting for a batch that has nothing but what is owed.
    if (batch.records.length === 0) batch.durable.catch(() => undefined)
    this.#writeAll(owed.length === 0 ? batch.records : [...owed, ...batch.records]).then(
      () => this.#done(batch, undefined),
      (error: unknown) => this.#done(batch, error ?? new Error('the audit writer failed')),
    )
  }

  #rest(): void {
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  async #writeAll(records: readonly AuditRecord[]): Promise<void> {
    for (let at = 0; at < records.length; at += MAX_BATCH) {
      await this.#write(records.slice(at, at + MAX_BATCH))
      this.#taken()
    }
  }

  #done(batch: Batch, error: unknown): void {
    this.#writing = false
    if (error !== undefined) this.#refused()
    batch.settle(error)
    const waiting = this.#open.records.length
    this.#expected = batch.records.length + waiting
    if (waiting === 0) this.#rest()
    else this.#schedule()
  }

  #taken(): void {
    const owed = this.unrecorded.since !== null
    this.unrecorded.taken()
    if (owed) this.#onRecordAgain()
  }

  #refused(): void {
    this.failures += 1
    this.unrecorded.refused()
    if (this.unrecorded.since !== null) this.#retryLater()
  }

  #retryLater(): void {
    if (this.#ended) return
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = undefined
      if (this.unrecorded.since !== null && !this.#writing) this.#schedule()
    }, RETRY_MS).unref()
  }
}
