import type { MailboxSlot } from '@countersign/schema/wire'

export interface MailboxListener {
  readonly onPosted: (slot: MailboxSlot, blob: Uint8Array) => void
}

/** Who on this node waits for the next step of an invitation. */
export class MailboxListeners {
  readonly #listeners = new Map<string, Set<MailboxListener>>()

  add(mailbox: string, listener: MailboxListener): void {
    const listeners = this.#listeners.get(mailbox) ?? new Set()
    listeners.add(listener)
    this.#listeners.set(mailbox, listeners)
  }

  remove(mailbox: string, listener: MailboxListener): void {
    const listeners = this.#listeners.get(mailbox)
    listeners?.delete(listener)
    if (listeners?.size === 0) this.#listeners.delete(mailbox)
  }

  /** Tells everybody but whoever posted. */
  posted(mailbox: string, slot: MailboxSlot, blob: Uint8Array, by: MailboxListener): void {
    for (const listener of this.#listeners.get(mailbox) ?? []) {
      if (listener !== by) listener.onPosted(slot, blob)
    }
  }
}
