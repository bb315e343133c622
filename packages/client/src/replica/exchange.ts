import type { ClientMessage, ServerMessage } from '@countersign/schema/wire'
import type { Session } from '../transport/session.ts'

type OnReply = (reply: ServerMessage) => Promise<void>

interface Waiter {
  readonly onReply: OnReply
  readonly settle: (reply: ServerMessage | null) => void
  timer: ReturnType<typeof setTimeout>
}

const refOf = (message: ServerMessage): number | null => ('ref' in message ? message.ref : null)

/** Questions with a `ref` and the answers that find them. */
export class Exchange {
  readonly #waiters = new Map<number, Waiter>()
  readonly #timeoutMs: number

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /**
   * Sends and waits for the answer; null when the connection ended first. No answer in time ends the connection: nothing after it
   * could be told apart. `onReply` runs before the next message of the server is handled. Rejects with ClientError `frame.too_large`.
   */
  ask(
    session: Session | null,
    make: (ref: number) => ClientMessage,
    onReply: OnReply = async () => {},
  ): Promise<ServerMessage | null> {
    if (session === null) return Promise.resolve(null)
    const ref = session.nextRef()
    return new Promise((resolve) => {
      session.send(make(ref))
      const timer = setTimeout(() => session.close(), this.#timeoutMs)
      this.#waiters.set(ref, { onReply, settle: resolve, timer })
    })
  }

  /** Gives a message to whoever asked; false if nobody did. */
  async answer(message: ServerMessage): Promise<boolean> {
    const ref = refOf(message)
    const waiter = ref === null ? undefined : this.#waiters.get(ref)
    if (ref === null || waiter === undefined) return false
    this.#waiters.delete(ref)
    clearTimeout(waiter.timer)
    try {
      await waiter.onReply(message)
    } finally {
      waiter.settle(message)
    }
    return true
  }

  /** The connection is gone: every question still open is answered with null. */
  abandon(): void {
    const waiters = [...this.#waiters.values()]
    this.#waiters.clear()
    for (const { timer, settle } of waiters) {
      clearTimeout(timer)
      settle(null)
    }
  }
}
