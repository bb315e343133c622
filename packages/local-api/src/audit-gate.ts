import type { AuditAction, AuditRecord } from '@countersign/schema/audit'

const MAX_BATCH = 4096
const MAX_WAITING = 20_000
const DENIAL_FLUSH_MS = 1000
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
 * under way, or when none comes any more, so that all share one write instead of taking turns with two.
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
  /** Writes that failed since the start. */
  failures = 0

  constructor(write: (records: readonly AuditRecord[]) => Promise<void>, now: () => number) {
    this.#write = write
    this.#now = now
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
    if (!this.#writing && !this.#scheduled) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
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
    if (batch.records.length === 0) {
      for (const resolve of this.#idle.splice(0)) resolve()
      return
    }
    this.#open = newBatch()
    this.#writing = true
    this.#writeAll(batch).then(
      () => this.#done(batch, undefined),
      (error: unknown) => this.#done(batch, error ?? new Error('the audit writer failed')),
    )
  }

  async #writeAll(batch: Batch): Promise<void> {
    for (let at = 0; at < batch.records.length; at += MAX_BATCH) {
      await this.#write(batch.records.slice(at, at + MAX_BATCH))
    }
  }

  #done(batch: Batch, error: unknown): void {
    this.#writing = false
    if (error !== undefined) this.failures += 1
    batch.settle(error)
    const waiting = this.#open.records.length
    this.#expected = batch.records.length + waiting
    if (waiting === 0) this.#flush()
    else this.#schedule()
  }
}

/** A record about nothing in particular: the base of every other. Members in the order of their encoding, which then need not be sorted. */
export const plainRecord = (time: number, action: AuditAction, outcome: string): AuditRecord => ({
  item: null,
  time,
  count: 1,
  action,
  caller: null,
  detail: '',
  binding: null,
  outcome,
  version: null,
  application: null,
  environment: null,
})
