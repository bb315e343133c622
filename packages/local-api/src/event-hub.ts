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
  expiring: NodeJS.Timeout | undefined
}

const frame = (event: ApiEvent): string => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`

/** Open event streams. A reader that does not keep up is cut off: it reconnects and reads afresh. */
export class EventHub {
  readonly #streams = new Set<Stream>()
  #heartbeat: NodeJS.Timeout | undefined

  get size(): number {
    return this.#streams.size
  }

  hasRoom(binding: string): boolean {
    const own = [...this.#streams].filter((each) => each.binding === binding).length
    return this.#streams.size < MAX_STREAMS && own < MAX_PER_BINDING
  }

  /** The head is sent already. The stream lives until the client closes it or the binding ends. */
  add(binding: string, res: ServerResponse, expiresAt: number, now: number): void {
    const stream: Stream = { binding, res, expiring: undefined }
    this.#streams.add(stream)
    this.#warn(stream, expiresAt, now)
    this.#heartbeat ??= setInterval(() => this.#write(': alive\n\n', () => true), HEARTBEAT_MS).unref()
    res.on('close', () => this.#drop(stream))
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
    clearTimeout(stream.expiring)
    if (this.#streams.size > 0) return
    clearInterval(this.#heartbeat)
    this.#heartbeat = undefined
  }
}
