import { type Projection, verifyEntryAuthor } from '@countersign/ledger/projection'
import { haltsStream, REFUSALS, type RefusalCode } from '@countersign/ledger/refusal'
import type { StreamName } from '@countersign/schema/ids'
import type { Problem } from './alarm.ts'
import type { StreamLog } from './stream-log.ts'
import type { VerifiedEntry } from './verified-entry.ts'

/** How long it keeps the process to itself at most. */
const SLICE_MS = 4

/** Catching up goes first, but a server that never comes to its end puts nothing off for longer than this. */
const GIVES_WAY_MS = 60_000

/** How many entries' signatures are checked, of how many in the streams concerned. */
export interface CheckProgress {
  readonly done: number
  readonly of: number
}

interface CheckOptions {
  readonly log: StreamLog
  /** The ledger's clear parts, whose keys the signatures are checked against. */
  readonly projection: Projection
  /** A signature is not its author's. The check stops there; begun again, it finds the same. */
  readonly onBad: (problem: Problem) => Promise<void>
  readonly onProgress: () => void
  readonly onError: (error: unknown) => void
  /** Whether to end: nothing more is believed, or the program stops. */
  readonly over: () => boolean
}

/** What shows that an entry is not by whom it names, or null. */
const forgery = (projection: Projection, { entry }: VerifiedEntry): RefusalCode | null => {
  const author = verifyEntryAuthor(projection, entry)
  return !author.ok && haltsStream(author.code) ? author.code : null
}

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Checks in the background the signatures of entries that were taken on a later one's (P20), oldest first, and at once where one of
 * them is about to be used. Whoever waits for a stream may sign on top of it afterwards.
 */
export class SignatureCheck {
  readonly #options: CheckOptions
  #running: Promise<void> | null = null
  #givingWay: ReturnType<typeof setTimeout> | null = null

  constructor(options: CheckOptions) {
    this.#options = options
  }

  /** Null when nothing is provisional. */
  get progress(): CheckProgress | null {
    const ranges = [...this.#options.log.provisional.values()]
    if (ranges.length === 0) return null
    return ranges.reduce((sum, { from, to }) => ({ done: sum.done + from, of: sum.of + to + 1 }), {
      done: 0,
      of: 0,
    })
  }

  /** Leaves the process to catching up, until it is started or that takes too long. */
  giveWay(): void {
    this.#givingWay ??= setTimeout(() => this.start(), GIVES_WAY_MS)
  }

  /** Goes on where it was; nothing if it runs already. */
  start(): void {
    this.#proceed()
    this.#running ??= this.#run()
      .catch(this.#options.onError)
      .finally(() => {
        this.#running = null
      })
  }

  /** Resolves when nothing is being checked any more. */
  async stop(): Promise<void> {
    this.#proceed()
    await this.#running
  }

  /** Whether every entry of the stream is checked, once that is so; false where the check ended before. */
  async whole(stream: StreamName): Promise<boolean> {
    while (this.#options.log.provisional.has(stream)) {
      const before = this.#options.log.provisional.get(stream)
      this.start()
      await this.#running
      if (this.#options.log.provisional.get(stream) === before) return false
    }
    return true
  }

  /** An entry whose own signature is checked, as everything must be that is used; null where it is not its author's. */
  async proven(entry: VerifiedEntry): Promise<VerifiedEntry | null> {
    if (!entry.provisional) return entry
    const forged = forgery(this.#options.projection, entry)
    if (forged === null) return { ...entry, provisional: false }
    await this.#options.onBad(await this.#problem(entry, forged))
    return null
  }

  #proceed(): void {
    if (this.#givingWay !== null) clearTimeout(this.#givingWay)
    this.#givingWay = null
  }

  async #run(): Promise<void> {
    const { log, onProgress } = this.#options
    for (const [stream] of [...log.provisional]) {
      for (let range = log.provisional.get(stream); range !== undefined; ) {
        const { from } = range
        if (!(await this.#checkFrom(stream, from))) return
        onProgress()
        range = log.provisional.get(stream)
        // What is not on the disk yet is checked when whoever writes it starts this again.
        if (range?.from === from) break
      }
    }
  }

  /** Checks a stream from `from` as far as it is here now; false where it has to end. */
  async #checkFrom(stream: StreamName, from: number): Promise<boolean> {
    const { log, projection, onBad, onProgress, over } = this.#options
    let until = performance.now() + SLICE_MS
    for await (const page of log.pages(stream, from)) {
      for (const entry of page) {
        if (this.#givingWay !== null || over()) return false
        const forged = forgery(projection, entry)
        if (forged !== null) {
          await log.checkedBefore(stream, entry.seq)
          await onBad(await this.#problem(entry, forged))
          return false
        }
        if (performance.now() < until) continue
        await breath()
        until = performance.now() + SLICE_MS
      }
      await log.checkedBefore(stream, (page.at(-1)?.seq ?? from - 1) + 1)
      onProgress()
    }
    return true
  }

  /** The forged entry, and the first one signed on top of it: whoever signed that vouched for what is not genuine. */
  async #problem(bad: VerifiedEntry, code: RefusalCode): Promise<Problem> {
    const { log, projection } = this.#options
    const { stream, seq } = bad
    const evidence = [{ label: 'entry', bytes: bad.bytes }]
    const problem = {
      code: 'bad_entry',
      stream,
      seq,
      message: REFUSALS[code],
      evidence,
    } as const
    for await (const later of log.entries(stream, seq + 1)) {
      if (!verifyEntryAuthor(projection, later.entry).ok) continue
      const { member, device } = later.entry.envelope
      evidence.push({ label: 'signed on top of it', bytes: later.bytes })
      return { ...problem, signer: { member, device } }
    }
    return problem
  }
}
