import type { Scheduler } from '../runtime/scheduler.ts'
import type { SimProcess } from '../runtime/sim-process.ts'

interface Item {
  /** Null: the other end closed. */
  readonly frame: Uint8Array | null
  readonly at: number
  readonly sent: (() => void) | undefined
}

export interface PipeEnd {
  readonly process: SimProcess
  onFrame(frame: Uint8Array): void
  onClose(): void
}

/** One direction of a connection: frames arrive in their order or not at all, late, and not while the network is down. */
export class Pipe {
  readonly #scheduler: Scheduler
  readonly #isBlocked: () => boolean
  readonly #latency: () => number
  readonly #end: PipeEnd
  #queue: Item[] = []
  #lastAt = 0
  #paused = false
  #closed = false
  #waking = false
  #bytes = 0

  constructor(scheduler: Scheduler, end: PipeEnd, isBlocked: () => boolean, latency: () => number) {
    this.#scheduler = scheduler
    this.#end = end
    this.#isBlocked = isBlocked
    this.#latency = latency
  }

  /** Sent and not yet arrived. */
  get bytes(): number {
    return this.#bytes
  }

  send(frame: Uint8Array, sent?: () => void): void {
    if (this.#closed) return
    this.#bytes += frame.length
    this.#put({ frame, at: this.#arrival(), sent })
  }

  /** After what was sent. */
  close(afterMs = 0): void {
    if (this.#closed) return
    this.#closed = true
    this.#lastAt = Math.max(this.#lastAt, this.#scheduler.now + afterMs)
    this.#put({ frame: null, at: this.#arrival(), sent: undefined })
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.wake()
  }

  /** The network is up again. */
  wake(): void {
    const next = this.#queue[0]
    if (next === undefined || this.#waking) return
    this.#waking = true
    this.#scheduler.at(next.at, () => this.#deliver(), null)
  }

  #arrival(): number {
    this.#lastAt = Math.max(this.#lastAt, this.#scheduler.now + this.#latency())
    return this.#lastAt
  }

  #put(item: Item): void {
    this.#queue.push(item)
    this.wake()
  }

  /** One at a time: what a frame sets going runs before the next one arrives. */
  #deliver(): void {
    this.#waking = false
    if (this.#paused || this.#isBlocked()) return
    const item = this.#queue.shift()
    if (item === undefined) return
    const { process } = this.#end
    if (process.alive) {
      process.run(() => (item.frame === null ? this.#end.onClose() : this.#end.onFrame(item.frame)))
    }
    this.#bytes -= item.frame?.length ?? 0
    item.sent?.()
    this.wake()
  }
}
