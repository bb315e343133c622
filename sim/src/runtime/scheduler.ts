import { SimProcess } from './sim-process.ts'

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
  readonly owner: SimProcess | undefined
  cancelled: boolean
}

export type Cancel = () => void

/** Resolves once every promise reaction and `nextTick` that can run has run. */
const settled = (): Promise<void> => new Promise((resolve) => queueMicrotask(() => process.nextTick(resolve)))

/**
 * Virtual time: events happen in order of their time, then of their making; between two of them everything asynchronous that can run
 * does. Nothing here waits for the real clock. Times are milliseconds since the start of the world.
 */
export class Scheduler {
  /** A binary heap. */
  readonly #heap: Event[] = []
  #now: number
  #orders = 0
  /** Events that happened: what was explored. */
  happened = 0

  constructor(startAt = 0) {
    this.#now = startAt
  }

  get now(): number {
    return this.#now
  }

  /** Belongs to the process that asks, unless another owner is named; null: to nobody, it always happens. */
  at(time: number, run: () => void, owner: SimProcess | null = SimProcess.current ?? null): Cancel {
    const event: Event = {
      at: Math.max(time, this.#now),
      order: this.#orders++,
      run,
      owner: owner ?? undefined,
      cancelled: false,
    }
    this.#push(event)
    return () => {
      event.cancelled = true
    }
  }

  after(delayMs: number, run: () => void, owner: SimProcess | null = SimProcess.current ?? null): Cancel {
    return this.at(this.#now + delayMs, run, owner)
  }

  delay(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve))
  }

  /** Lets everything up to `time` happen. */
  async runUntil(time: number): Promise<void> {
    await settled()
    for (let next = this.#heap[0]; next !== undefined && next.at <= time; next = this.#heap[0]) {
      this.#pop()
      if (next.cancelled || next.owner?.alive === false) continue
      this.#now = next.at
      this.happened += 1
      if (next.owner === undefined) next.run()
      else next.owner.run(next.run)
      await settled()
    }
    this.#now = Math.max(this.#now, time)
  }

  #before(a: Event, b: Event): boolean {
    return a.at < b.at || (a.at === b.at && a.order < b.order)
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !this.#before(event, above)) break
      heap[at] = above
      at = parent
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const right = heap[child + 1]
      let least = heap[child]
      if (least === undefined) break
      if (right !== undefined && this.#before(right, least)) {
        least = right
        child += 1
      }
      if (!this.#before(least, last)) break
      heap[at] = least
      at = child
    }
    heap[at] = last
  }
}
