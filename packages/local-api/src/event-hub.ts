import type { ServerResponse } from 'node:http'
import type { ApiEvent } from '@countersign/schema/local-api'

const MAX_STREAMS = 64
const MAX_PER_BINDING = 8
const HEARTBEAT_MS = 15_000
const EXPIRING_MS = 5 * 60_000
const MAX_TIMER_MS = 2_147_000_000
const MAX_UNSENT_BYTES = 65_536

interface Stream {
  readonly binding: string
  readonly res: ServerResponse
  /** Its own, by identity. */
  readonly place: { readonly binding: string }
  expiring: NodeJS.Timeout | undefined
}

const frame = (event: ApiEvent): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

/** Room for one stream, taken before it may be opened. */
export interface Place {
  /** The head is sent already. The stream lives until the client closes it or the binding ends. */
  open(res: ServerResponse, expiresAt: number, now: number): void
  /** Gives the room back, unless a stream was opened in it. */
  leave(): void
}

/** Open event streams. A reader that does not keep up is cut off: it reconnects and reads afresh. */
export class EventHub {
  readonly #streams = new Set<Stream>()
  /** The binding of each stream that is open or about to be. */
  readonly #places = new Set<{ readonly binding: string }>()
  #heartbeat: NodeJS.Timeout | undefined

  get size(): number {
    return this.#streams.size
  }

  /** Null where there is no room. */
  take(binding: string): Place | null {
    const own = [...this.#places].filter((each) => each.binding === binding).length
    if (this.#places.size >= MAX_STREAMS || own >= MAX_PER_BINDING) return null
    const place = { binding }
    this.#places.add(place)
    let opened = false
    return {
      open: (res, expiresAt, now) => {
        opened = true
        this.#open({ binding, res, place, expiring: undefined }, expiresAt, now)
      },
      leave: () => {
        if (!opened) this.#places.delete(place)
      },
    }
  }

  #open(stream: Stream, expiresAt: number, now: number): void {
    this.#streams.add(stream)
    this.#warn(stream, expiresAt, now)
    this.#heartbeat ??= setInterval(() => this.#write(': alive\n\n', () => true), HEARTBEAT_MS).unref()
    stream.res.on('close', () => this.#drop(stream))
  }

  send(event: ApiEvent, wants: (binding: string) => boolean): void {
    if (this.#streams.size > 0) this.#write(frame(event), (stream) => wants(stream.binding))
  }

  /** A last event, then the end. */
  end(event: ApiEvent, wants: (binding: string) => boolean): void {
    for (const stream of [...this.#streams]) {
      if (!wants(stream.binding)) continue
      this.#drop(stream)
      stream.res.end(frame(event))
    }
  }

  close(): void {
    for (const stream of [...this.#streams]) {
      this.#drop(stream)
      stream.res.end()
    }
  }

  #warn(stream: Stream, expiresAt: number, now: number): void {
    const left = expiresAt - now
    if (left > MAX_TIMER_MS) {
      stream.expiring = setTimeout(
        () => this.#warn(stream, expiresAt, now + MAX_TIMER_MS),
        MAX_TIMER_MS,
      ).unref()
      return
    }
    const inMs = Math.max(0, left - Math.min(EXPIRING_MS, left / 10))
    const event: ApiEvent = { type: 'expiring', binding: stream.binding, expiresAt }
    stream.expiring = setTimeout(() => this.#write(frame(event), (each) => each === stream), inMs).unref()
  }

  #write(text: string, wants: (stream: Stream) => boolean): void {
    for (const stream of [...this.#streams]) {
      if (!wants(stream)) continue
      if (stream.res.writableLength > MAX_UNSENT_BYTES) {
        this.#drop(stream)
        stream.res.destroy()
      } else stream.res.write(text)
    }
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream)
    this.#places.delete(stream.place)
    clearTimeout(stream.expiring)
    if (this.#streams.size > 0) return
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }
}
