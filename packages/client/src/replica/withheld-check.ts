import { LEDGER, type StreamName } from '@countersign/schema/ids'
import type { Contradiction, MissingEntry, SeenBook } from './seen-book.ts'

interface CheckOptions {
  readonly book: SeenBook
  /** Asks the server anew for what it has of a stream; true if it said that this is all, false if it said nothing. */
  readonly fetch: (stream: StreamName) => Promise<boolean>
  /** Whether the connection is good and no alarm stands. */
  readonly live: () => boolean
  readonly onContradiction: (contradiction: Contradiction) => Promise<void>
  readonly onWithheld: (entry: MissingEntry) => Promise<void>
}

const same = (a: MissingEntry) => (b: MissingEntry) =>
  a.seen === b.seen && a.stream === b.stream && a.seq === b.seq

/**
 * Another device stated that it has verified an entry we have not got. An entry is durable at the server before anybody can have
 * verified it, so the server is asked once; what it then still does not give, it keeps back: a removal that it suppresses, the
 * end of somebody's audit stream, or news as a whole (P17).
 */
export class WithheldCheck {
  readonly #options: CheckOptions
  #running: Promise<void> | null = null
  #again = false

  constructor(options: CheckOptions) {
    this.#options = options
  }

  /** One at a time; a call while one runs makes it look again at its end. */
  run(): Promise<void> {
    this.#again = true
    this.#running ??= this.#runAll().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #runAll(): Promise<void> {
    while (this.#again) {
      this.#again = false
      await this.#check()
    }
  }

  async #check(): Promise<void> {
    const { book, fetch, live, onContradiction, onWithheld } = this.#options
    const before = book.missing()
    if (before.length === 0) return
    // The ledger first, as it says what else this device may read; and again at the end, as that may just have changed.
    const streams = new Set(before.map((each) => each.stream))
    for (const stream of [LEDGER, ...streams, LEDGER]) {
      if (!live() || !(await fetch(stream))) return
    }
    const contradiction = await book.recheck()
    if (!live()) return
    if (contradiction !== null) return onContradiction(contradiction)
    const still = book.missing().find((each) => before.some(same(each)))
    if (still !== undefined) await onWithheld(still)
  }
}
