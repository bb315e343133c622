import { sign } from '@countersign/crypto/sign'
import type { Cursor, ServerMessage, SignedSeen } from '@countersign/schema/wire'
import type { DeviceIdentity } from './device-identity.ts'
import { encodeSeen, SEEN_PURPOSE } from './seen-book.ts'
import type { TreeBook } from './tree-book.ts'

const MAX_HEADS = 2000

interface DutyOptions {
  readonly identity: DeviceIdentity
  readonly trees: Pick<TreeBook, 'cosign'>
  readonly afterMs: number
  readonly everyMs: number
  readonly now: () => number
  /** Every stream and its head, the ledger first. */
  readonly cursors: () => readonly Cursor[]
  /** Sends a statement; null while there is no live connection. */
  readonly send: (seen: SignedSeen) => Promise<ServerMessage | null>
  readonly onError: (error: unknown) => void
}

const summaryOf = (cursors: readonly Cursor[]): string =>
  cursors.map(({ stream, head }) => `${stream}:${head?.seq ?? ''}`).join(' ')

/** Tells the team what this device has verified: a little after each new head, in answer to others, and now and then (P17). */
export class WitnessDuty {
  readonly #options: DutyOptions
  #timer: ReturnType<typeof setTimeout> | null = null
  #stated = ''
  #stopped = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(options: DutyOptions) {
    this.#options = options
  }

  /** One at a time: a device's later statement never says less than its earlier one. */
  publish(): Promise<void> {
    const turn = this.#last.then(() => this.#publish())
    this.#last = turn.catch(() => {})
    return turn
  }

  /** What this device states now, signed, whether or not anybody can be told. */
  async statement(): Promise<SignedSeen> {
    return this.#sign(this.#options.cursors())
  }

  /** There is something new to state. */
  soon(delayMs: number = this.#options.afterMs): void {
    this.#schedule(delayMs)
  }

  /** Another device stated what it has: ours follows, unless it says what we said last. */
  answer(): void {
    if (this.#stated !== summaryOf(this.#options.cursors())) this.soon()
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  async #publish(): Promise<void> {
    const { cursors, send, everyMs } = this.#options
    this.#schedule(everyMs)
    const stated = cursors()
    const reply = await send(await this.#sign(stated))
    if (reply?.type === 'ok') this.#stated = summaryOf(stated)
  }

  async #sign(cursors: readonly Cursor[]): Promise<SignedSeen> {
    const { identity, trees, now } = this.#options
    const { team, member, device, signKey } = identity
    const heads = cursors.flatMap(({ stream, head }) => (head === null ? [] : [{ stream, head }]))
    const statement = { team, member, device, time: now(), heads: heads.slice(0, MAX_HEADS) }
    const signature = sign(signKey.secretKey, SEEN_PURPOSE, encodeSeen(statement))
    return { statement, signature, trees: await trees.cosign(statement.heads, statement.time) }
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
