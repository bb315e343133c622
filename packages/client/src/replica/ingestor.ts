import { equalBytes } from '@countersign/crypto/verify'
import { entryHash } from '@countersign/ledger/entry-hash'
import { LEDGER, type StreamName } from '@countersign/schema/ids'
import { ClientError } from '../client-error.ts'
import { LocalStoreError } from '../store/local-store.ts'
import type { Problem } from './alarm.ts'
import type { StreamLog } from './stream-log.ts'
import type { VerifiedEntry } from './verified-entry.ts'
import { type Known, verifyBatch } from './verify-batch.ts'

const WRITE_AGAIN_AFTER_MS = 1000

/** Consecutive entries of one stream as they came, the first at seq `from`. */
export interface Incoming {
  readonly stream: StreamName
  readonly from: number
  readonly entries: readonly Uint8Array[]
}

/** A run of at least so many entries of a compartment is taken on its last signature; fewer are checked sooner than that is worth. */
const PROVISIONAL_FROM = 64

interface IngestorOptions {
  readonly log: StreamLog
  readonly known: Known
  /** After the entries are on disk, in order, one call a stream. */
  readonly onWritten: (batch: { stream: StreamName; entries: readonly VerifiedEntry[] }) => void
  /** The disk refuses; it is tried again until it takes them or `stopped` says to give up. Null: it took them. */
  readonly onStoreTrouble: (error: LocalStoreError | null) => void
  readonly stopped: () => boolean
}

/** What came of incoming entries: what is wrong with them, and a stream whose entries in between are missing. */
export interface IngestReport {
  readonly problem: Problem | null
  readonly gap: StreamName | null
}

const FINE: IngestReport = { problem: null, gap: null }

/** Takes entries from the server into the verified local copy. One call at a time. */
export class Ingestor {
  readonly #options: IngestorOptions
  /** Entries that cite ledger entries we have not got yet, by stream. */
  #held = new Map<StreamName, Incoming>()

  constructor(options: IngestorOptions) {
    this.#options = options
  }

  get holding(): ReadonlyMap<StreamName, Incoming> {
    return this.#held
  }

  forgetHeld(): void {
    this.#held = new Map()
  }

  /** Verifies, writes all that is good in one batch, then tells; afterwards what waited for the ledger, if it moved. */
  async take(incoming: readonly Incoming[], { own = false } = {}): Promise<IngestReport> {
    const report = await this.#take(incoming, own ? Number.POSITIVE_INFINITY : PROVISIONAL_FROM)
    if (report.problem !== null || this.#held.size === 0) return report
    if (!incoming.some(({ stream }) => stream === LEDGER)) return report
    const held = [...this.#held.values()]
    this.forgetHeld()
    const later = await this.#take(held, PROVISIONAL_FROM)
    return { problem: later.problem, gap: report.gap ?? later.gap }
  }

  async #take(incoming: readonly Incoming[], provisionalFrom: number): Promise<IngestReport> {
    const { log, known, onWritten } = this.#options
    const good: { stream: StreamName; entries: readonly VerifiedEntry[] }[] = []
    let report = FINE
    for (const { stream, from, entries } of incoming) {
      if (stream === LEDGER) await known.ahead?.settled(entries)
      const head = log.head(stream)
      const next = head === null ? 0 : head.seq + 1
      if (from > next) {
        report = { ...report, gap: stream }
        continue
      }
      const overlap = Math.min(next - from, entries.length)
      const problem = await this.#overlapProblem(stream, from, entries.slice(0, overlap))
      const fresh = entries.slice(overlap)
      const verdict =
        problem === null
          ? verifyBatch(known, stream, head, fresh, provisionalFrom)
          : { fresh: [], behind: 0, problem }
      if (verdict.fresh.length > 0) good.push({ stream, entries: verdict.fresh })
      if (verdict.behind > 0) {
        const done = fresh.length - verdict.behind
        this.#held.set(stream, { stream, from: next + done, entries: fresh.slice(done) })
      }
      if (verdict.problem !== null) {
        report = { ...report, problem: verdict.problem }
        break
      }
    }
    known.ahead?.judged()
    if (good.length > 0) {
      await this.#write(good.flatMap(({ entries }) => entries))
      for (const batch of good) onWritten(batch)
    }
    return report
  }

  /** Entries we have already must be the same ones: the last of them decides for all, as each names the one before. */
  async #overlapProblem(
    stream: StreamName,
    from: number,
    entries: readonly Uint8Array[],
  ): Promise<Problem | null> {
    const last = entries.at(-1)
    if (last === undefined) return null
    const seq = from + entries.length - 1
    const ours = await this.#options.log.hashAt(stream, seq)
    if (ours !== undefined && equalBytes(ours, entryHash(last))) return null
    const mine = await this.#options.log.entryAt(stream, seq)
    const evidence = [
      { label: 'entry', bytes: last },
      ...(mine ? [{ label: 'entry here', bytes: mine.bytes }] : []),
    ]
    const message = 'The server shows another entry at a place that was verified here before.'
    return { code: 'fork', stream, seq, message, evidence }
  }

  /**
   * The projection has moved with these entries already, so they are not given up while the disk is full: nothing else is taken
   * until they are written.
   */
  async #write(entries: readonly VerifiedEntry[]): Promise<void> {
    const { log, onStoreTrouble, stopped } = this.#options
    for (let troubled = false; ; troubled = true) {
      try {
        await log.write(entries)
        if (troubled) onStoreTrouble(null)
        return
      } catch (cause) {
        if (!(cause instanceof LocalStoreError) || cause.code === 'store.closed' || stopped()) throw cause
        onStoreTrouble(cause)
        await new Promise((resolve) => setTimeout(resolve, WRITE_AGAIN_AFTER_MS))
        if (stopped())
          throw new ClientError('replica.stopped', 'stopped while the disk refused to write', { cause })
      }
    }
  }
}
