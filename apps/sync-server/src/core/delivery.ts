import type { Head } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import type { Committed } from './store.ts'

export interface Span {
  readonly stream: string
  readonly from: number
}

/**
 * What one device has been sent of each stream it may read. Live pushes, catch-up after a break and catch-up of a slow
 * client are one mechanism: a stream is either up to date or stale, and stale streams are read from the store, never
 * buffered.
 */
export class Delivery {
  /** Stream → number of the next entry to send. */
  readonly #next = new Map<string, number>()
  readonly #stale = new Set<string>()

  /** Starts or goes on with a stream the device may read, at `from`; `head` is where the stream stands. */
  follow(stream: string, from: number, head: Head | null): void {
    const end = head === null ? 0 : head.seq + 1
    this.#next.set(stream, Math.min(from, end))
    if (from < end) this.#stale.add(stream)
    else this.#stale.delete(stream)
  }

  follows(stream: string): boolean {
    return this.#next.has(stream)
  }

  /** Forgets every stream that may not be read any more. */
  retain(mayRead: (stream: string) => boolean): void {
    for (const stream of this.#next.keys()) {
      if (mayRead(stream)) continue
      this.#next.delete(stream)
      this.#stale.delete(stream)
    }
  }

  /** The device appended these itself and has its answer: they are not pushed, unless something before them still is. */
  appended(stream: string, from: number, head: Head): void {
    if (this.#next.get(stream) === from && !this.#stale.has(stream)) this.#next.set(stream, head.seq + 1)
  }

  /** Whether to push what was committed now. A congested socket's stream becomes stale. */
  offer({ stream, from, head }: Committed, congested: boolean): boolean {
    const next = this.#next.get(stream)
    if (next === undefined || head.seq < next) return false
    if (from > next || congested || this.#stale.has(stream)) {
      this.#stale.add(stream)
      return false
    }
    this.#next.set(stream, head.seq + 1)
    return true
  }

  /** Sends a stream again from number `from`: the client said it has less than we thought. */
  rewind(stream: string, from: number): void {
    const next = this.#next.get(stream)
    if (next === undefined) return
    this.#next.set(stream, Math.min(next, from))
    this.#stale.add(stream)
  }

  /**
   * What to read from the store and send next; undefined when everything is up to date. The ledger goes first: entries of other streams
   * rest on it, and a client that has not got it yet cannot take them.
   */
  due(): Span | undefined {
    const stream = this.#stale.has(LEDGER) ? LEDGER : this.#stale.values().next().value
    return stream === undefined ? undefined : { stream, from: this.#next.get(stream) ?? 0 }
  }

  /**
   * Whether `count` entries read for a due span are to be sent; false if the span is not due any more. None read means that
   * the store has no more.
   */
  take(span: Span, count: number, head: Head | null): boolean {
    if (this.#next.get(span.stream) !== span.from) return false
    const next = span.from + count
    this.#next.set(span.stream, next)
    if (count === 0 || head === null || next > head.seq) this.#stale.delete(span.stream)
    return count > 0
  }
}
