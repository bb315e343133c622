import type { Head } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { FLUSH_APPENDS, FLUSH_BYTES } from './limits.ts'
import type { ParsedBatch } from './parse-batch.ts'
import { type Refusal, refusal } from './refusal.ts'
import { SignatureChecks } from './signature-checks.ts'
import type { LogBatch, LogOutcome, LogStore } from './store.ts'
import { StoreError } from './store-error.ts'
import type { TeamState } from './team-state.ts'
import { TeamView } from './team-view.ts'

export type AppendReply =
  | { readonly state: 'appended'; readonly heads: readonly { stream: string; head: Head }[] }
  | { readonly state: 'refused'; readonly refusal: Refusal }

export interface Append {
  readonly team: TeamState
  readonly device: string
  readonly batch: ParsedBatch
  /** Size of the message, in bytes. */
  readonly bytes: number
  /** Called once, in the order of the log. */
  readonly reply: (reply: AppendReply) => void
}

export interface FlushReport {
  readonly appends: number
  readonly durationMs: number
}

export interface AppendQueueOptions {
  readonly log: LogStore
  /** Whether signatures are verified on other threads while appends wait: not worth it where this thread is twice as quick as they. */
  readonly checksAhead: boolean
  /** Runs a function after what has arrived by now was read: what comes in one tick is committed together. */
  readonly schedule: (flush: () => void) => void
  readonly now: () => number
  readonly onFlush: (report: FlushReport) => void
}

interface Waiting {
  readonly append: Append
  /** Whether its signatures are still being checked elsewhere. */
  isChecking: boolean
}

interface Candidate {
  readonly append: Append
  readonly batch: LogBatch
}

/**
 * Group commit: one flush at a time takes what waits and is ready, from the front, judges it in order, and makes it durable in one
 * transaction. Meanwhile, where that is quicker, the signatures of what comes are checked on other threads.
 */
export class AppendQueue {
  readonly #options: AppendQueueOptions
  readonly #checks = new SignatureChecks()
  #waiting: Waiting[] = []
  #flushing: Promise<void> | null = null
  #scheduled = false

  constructor(options: AppendQueueOptions) {
    this.#options = options
  }

  get depth(): number {
    return this.#waiting.length
  }

  submit(append: Append): void {
    // The first is judged at once, on this thread; those behind it have time to be checked on others while it lands.
    const isBehind = this.#waiting.length > 0 || this.#flushing !== null
    const isChecking = isBehind && this.#options.checksAhead
    const waiting = { append, isChecking }
    this.#waiting.push(waiting)
    if (isChecking) void this.#check(waiting)
    this.#wake()
  }

  async #check(waiting: Waiting): Promise<void> {
    const { team, batch } = waiting.append
    await this.#checks.begin(team.projection, batch)
    waiting.isChecking = false
    this.#wake()
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#waiting.length > 0 || this.#flushing !== null) {
      await (this.#flushing ?? new Promise<void>((resolve) => this.#options.schedule(resolve)))
    }
  }

  #wake(): void {
    if (this.#scheduled || this.#flushing !== null) return
    if (this.#waiting[0] === undefined || this.#waiting[0].isChecking) return
    this.#scheduled = true
    this.#options.schedule(() => {
      this.#scheduled = false
      this.#flushing = this.#flush(this.#take()).finally(() => {
        this.#flushing = null
        this.#wake()
      })
    })
  }

  /** From the front: appends keep the order in which they came. */
  #take(): Append[] {
    let bytes = 0
    const end = this.#waiting.findIndex(({ append, isChecking }, i) => {
      bytes += append.bytes
      return isChecking || i >= FLUSH_APPENDS || (i > 0 && bytes > FLUSH_BYTES)
    })
    const taken = end < 0 ? this.#waiting : this.#waiting.slice(0, end)
    this.#waiting = end < 0 ? [] : this.#waiting.slice(end)
    return taken.map(({ append }) => append)
  }

  async #flush(appends: readonly Append[]): Promise<void> {
    const startedAt = this.#options.now()
    const { candidates, stale } = this.#judge(appends)
    await this.#land(candidates)
    await this.#answerStale(stale)
    this.#options.onFlush({ appends: appends.length, durationMs: this.#options.now() - startedAt })
  }

  #judge(appends: readonly Append[]): { candidates: Candidate[]; stale: Append[] } {
    const views = new Map<TeamState, TeamView>()
    const candidates: Candidate[] = []
    const stale: Append[] = []
    for (const append of appends) {
      let view = views.get(append.team)
      if (view === undefined) {
        view = new TeamView(append.team, this.#checks)
        views.set(append.team, view)
      }
      const ledger = view.head(LEDGER)
      const verdict = view.take(append.batch, append.device)
      if (verdict.state === 'refused') append.reply(verdict)
      else if (verdict.state === 'stale') stale.push(append)
      else candidates.push({ append, batch: guarded(append.batch, ledger) })
    }
    return { candidates, stale }
  }

  /** A stale batch may be one whose answer was lost: asked after the flush, because what it repeats may be in it. */
  async #answerStale(appends: readonly Append[]): Promise<void> {
    for (const { batch, reply } of appends) {
      try {
        const repeated = await this.#options.log.has(batch)
        reply(repeated ? appended(batch) : { state: 'refused', refusal: refusal('append.head_stale') })
      } catch (cause) {
        reply(failed(cause))
      }
    }
  }

  async #land(candidates: readonly Candidate[]): Promise<void> {
    if (candidates.length === 0) return
    let outcomes: readonly LogOutcome[]
    try {
      outcomes = await this.#options.log.append(candidates.map(({ batch }) => batch))
    } catch (cause) {
      const reply = failed(cause)
      for (const { append } of candidates) append.reply(reply)
      return
    }
    for (const [i, { append }] of candidates.entries()) append.reply(replyOf(append.batch, outcomes[i]))
  }
}

/** What a batch was judged by still holds when it lands, on whichever node: the ledger stands where it stood. */
const guarded = (batch: ParsedBatch, ledger: Head | null): LogBatch =>
  batch.parts.some((part) => part.stream === LEDGER)
    ? batch
    : { team: batch.team, parts: [{ stream: LEDGER, expected: ledger, entries: [] }, ...batch.parts] }

const appended = (batch: ParsedBatch): AppendReply => ({
  state: 'appended',
  heads: batch.parts.map(({ stream, entries }) => {
    const last = entries[entries.length - 1]
    if (last === undefined) throw new StoreError('failed', 'a parsed batch has no empty part')
    return { stream, head: { seq: last.signed.envelope.seq, hash: last.hash } }
  }),
})

const failed = (cause: unknown): AppendReply => {
  if (!(cause instanceof StoreError)) throw cause
  return { state: 'refused', refusal: refusal(cause.code === 'full' ? 'store.full' : 'store.failed') }
}

const replyOf = (batch: ParsedBatch, outcome: LogOutcome | undefined): AppendReply => {
  switch (outcome?.state) {
    case 'appended':
    case 'repeated':
      return appended(batch)
    case 'stale':
      return { state: 'refused', refusal: refusal('append.head_stale') }
    case 'id_reused':
      return {
        state: 'refused',
        refusal: refusal(
          'append.refused',
          'An entry with this id is in the stream already. Nothing was written.',
        ),
      }
    case undefined:
      throw new StoreError('failed', 'the store answered fewer batches than it was given')
  }
}
