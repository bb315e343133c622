import { LEDGER } from '@countersign/schema/ids'
import type { ServerMessage } from '@countersign/schema/wire'
import type { Session } from '../transport/session.ts'

/** Reading from the network pauses while more than this waits to be verified and written. */
const PAUSE_ABOVE_BYTES = 16 * 1024 * 1024
const RESUME_BELOW_BYTES = 4 * 1024 * 1024

/**
 * Entries of one compartment or audit stream that came in several messages are taken together up to this much: one write, one signature
 * (P20). Every entry of the ledger has its own, and those of later messages are verified meanwhile.
 */
const TOGETHER_BYTES = 4 * 1024 * 1024

const sizeOf = (message: ServerMessage): number =>
  message.type === 'entries' ? message.entries.reduce((sum, bytes) => sum + bytes.length, 0) : 0

type Entries = Extract<ServerMessage, { type: 'entries' }>

/** Whether `next` goes on where `message` ends, neither being the answer to a question. */
const goesOn = (message: ServerMessage, next: ServerMessage | undefined): next is Entries =>
  message.type === 'entries' &&
  next?.type === 'entries' &&
  message.stream !== LEDGER &&
  message.ref === null &&
  next.ref === null &&
  next.stream === message.stream &&
  next.from === message.from + message.entries.length

interface Item {
  readonly message: ServerMessage
  readonly session: Session
  readonly size: number
}

/** The server's messages, handled one at a time and in order, with back-pressure on the network. */
export class Inbox {
  readonly #handle: (message: ServerMessage, session: Session) => Promise<void>
  readonly #onError: (error: unknown) => void
  #queue: Item[] = []
  #bytes = 0
  #paused = false
  #running: Promise<void> | null = null

  constructor(
    handle: (message: ServerMessage, session: Session) => Promise<void>,
    onError: (error: unknown) => void,
  ) {
    this.#handle = handle
    this.#onError = onError
  }

  push(message: ServerMessage, session: Session): void {
    const size = sizeOf(message)
    this.#queue.push({ message, session, size })
    this.#bytes += size
    if (!this.#paused && this.#bytes > PAUSE_ABOVE_BYTES) {
      this.#paused = true
      session.pause()
    }
    this.#running ??= this.#drain()
  }

  /** Forgets what was not handled yet: the connection it came over is gone. */
  clear(): void {
    this.#queue = []
    this.#bytes = 0
    this.#paused = false
  }

  /** Resolves when nothing is being handled. */
  async idle(): Promise<void> {
    await this.#running
  }

  /** The next message, together with those of the same connection that go on where it ends. */
  #next(): Item | undefined {
    const first = this.#queue.shift()
    if (first === undefined || first.message.type !== 'entries') return first
    const messages = [first.message]
    let { size } = first
    for (let last: ServerMessage = first.message; ; ) {
      const item = this.#queue[0]
      if (item === undefined || item.session !== first.session || size + item.size > TOGETHER_BYTES) break
      if (!goesOn(last, item.message)) break
      this.#queue.shift()
      messages.push(item.message)
      last = item.message
      size += item.size
    }
    if (messages.length === 1) return first
    const message = { ...first.message, entries: messages.flatMap(({ entries }) => entries) }
    return { message, session: first.session, size }
  }

  async #drain(): Promise<void> {
    for (let item = this.#next(); item !== undefined; item = this.#next()) {
      try {
        await this.#handle(item.message, item.session)
      } catch (error) {
        this.#onError(error)
      }
      this.#bytes = Math.max(0, this.#bytes - item.size)
      if (this.#paused && this.#bytes < RESUME_BELOW_BYTES) {
        this.#paused = false
        item.session.resume()
      }
    }
    this.#running = null
  }
}
