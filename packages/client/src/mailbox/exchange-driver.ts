import { equalBytes } from '@countersign/crypto/hash'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import type { MailboxSlot } from '@countersign/schema/wire'
import type { Step } from './exchange-outcome.ts'
import { type MailboxKey, openSlot, type SlotMessage, sealSlot } from './invite-messages.ts'
import type { MailboxWire, WireRefusal } from './mailbox-wire.ts'

const POST_AGAIN_AFTER_MS = 1000

/** Refusals that pass by themselves. */
const PASSING = new Set(['offline', 'rate.limited', 'store.full', 'server.draining'])

interface DriverOptions<S, E> {
  readonly key: MailboxKey
  readonly start: S
  readonly step: (state: S, event: E) => Step<S>
  readonly onSlot: (message: SlotMessage) => E
  readonly altered: E
  readonly onState: (state: S) => void
  readonly onRefused: (refusal: WireRefusal) => void
}

/** Runs one side of an exchange over a mailbox: opens what comes, steps, seals and posts what the step says, in order. */
export class ExchangeDriver<S, E> {
  readonly #options: DriverOptions<S, E>
  /** What each slot says, whoever wrote it: sealing twice gives two blobs, so contents are compared. */
  readonly #said = new Map<MailboxSlot, Uint8Array>()
  /** Slots that the server has handed back. */
  readonly #standing = new Set<MailboxSlot>()
  #wire: MailboxWire | null = null
  #state: S
  #posting: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: DriverOptions<S, E>) {
    this.#options = options
    this.#state = options.start
  }

  get state(): S {
    return this.#state
  }

  /** What is posted before a wire is there waits for it. */
  attach(wire: MailboxWire): void {
    this.#wire = wire
  }

  received(slot: MailboxSlot, blob: Uint8Array): void {
    const { key, onSlot, altered } = this.#options
    const message = openSlot(key, slot, blob)
    const before = this.#said.get(slot)
    if (message === undefined) {
      this.dispatch(altered)
      return
    }
    const content = encodeCanonical(message.content as CborValue)
    this.#standing.add(slot)
    if (before === undefined) {
      this.#said.set(slot, content)
      this.dispatch(onSlot(message))
    } else if (!equalBytes(before, content)) {
      // A slot is written once: something else in it is not ours and not what stood there.
      this.dispatch(altered)
    }
  }

  dispatch(event: E): void {
    if (this.#stopped) return
    const { state, posts } = this.#options.step(this.#state, event)
    const moved = state !== this.#state
    this.#state = state
    for (const message of posts) this.#post(message)
    if (moved) this.#options.onState(state)
  }

  /** Resolves when everything said so far is on the server or refused. */
  async flushed(): Promise<void> {
    await this.#posting
  }

  stop(): void {
    this.#stopped = true
  }

  #post(message: SlotMessage): void {
    const blob = sealSlot(this.#options.key, message)
    this.#said.set(message.slot, encodeCanonical(message.content as CborValue))
    this.#posting = this.#posting.then(() => this.#send(message.slot, blob))
  }

  async #send(slot: MailboxSlot, blob: Uint8Array): Promise<void> {
    while (!this.#stopped && !this.#standing.has(slot)) {
      const refusal =
        this.#wire === null ? { code: 'offline', message: '' } : await this.#wire.post(slot, blob)
      // After a lost answer the slot is taken, by us: the server hands it back before it refuses.
      if (refusal === null || this.#standing.has(slot)) return
      if (!PASSING.has(refusal.code)) {
        // Nobody hears that it is over, but over it is.
        if (slot !== 'declined') this.#options.onRefused(refusal)
        return
      }
      await new Promise((resolve) => setTimeout(resolve, POST_AGAIN_AFTER_MS))
    }
  }
}
