import { sign } from '@countersign/crypto/sign'
import type { Cursor, ServerMessage, SignedSeen } from '@countersign/schema/wire'
import type { DeviceIdentity } from './device-identity.ts'
import { encodeSeen, SEEN_PURPOSE } from './seen-book.ts'

const MAX_HEADS = 2000

interface DutyOptions {
  readonly identity: DeviceIdentity
  readonly afterMs: number
  readonly everyMs: number
  readonly now: () => number
  /** Every stream and its head, the ledger first. */
  readonly cursors: () => readonly Cursor[]
  /** Sends a statement; null while there is no live connection. */
  readonly send: (seen: SignedSeen) => Promise<ServerMessage | null>
  readonly onError: (error: unknown) => void
}

/** Tells the team what this device has verified: a little after each new head, in answer to others, and now and then (P17). */
export class WitnessDuty {
  readonly #options: DutyOptions
  #timer: ReturnType<typeof setTimeout> | null = null
  #stated = ''
  #stopped = false

  constructor(options: DutyOptions) {
    this.#options = options
  }

  async publish(): Promise<void> {
    const { identity, now, cursors, send, everyMs } = this.#options
    const { team, member, device, signKey } = identity
    const heads = cursors().flatMap(({ stream, head }) => (head === null ? [] : [{ stream, head }]))
    const statement = { team, member, device, time: now(), heads: heads.slice(0, MAX_HEADS) }
    const signature = sign(signKey.secretKey, SEEN_PURPOSE, encodeSeen(statement))
    this.#schedule(everyMs)
    const stated = this.#summary()
    const reply = await send({ statement, signature })
    if (reply?.type === 'ok') this.#stated = stated
  }

  /** There is something new to state. */
  soon(delayMs: number = this.#options.afterMs): void {
    this.#schedule(delayMs)
  }

  /** Another device stated what it has: ours follows, unless it says what we said last. */
  answer(): void {
    if (this.#stated !== this.#summary()) this.soon()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #summary(): string {
    return this.#options
      .cursors()
      .map(({ stream, head }) => `${stream}:${head?.seq ?? ''}`)
      .join(' ')
  }

  #schedule(delayMs: number): void {
    if (this.#stopped) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.publish().catch(this.#options.onError)
    }, delayMs)
  }
}
