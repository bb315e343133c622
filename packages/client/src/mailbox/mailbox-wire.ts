import type { MailboxSlot } from '@countersign/schema/wire'

export interface WireRefusal {
  readonly code: string
  readonly message: string
}

/** A mailbox on the server as one side uses it. Slots come again after every new connection. */
export interface MailboxWire {
  /** Resolves with null once the slot is written, or with why it was not; a lost connection is repaired first. */
  post(slot: MailboxSlot, blob: Uint8Array): Promise<WireRefusal | null>
  close(): Promise<void>
}

export interface MailboxWireEvents {
  onSlot(slot: MailboxSlot, blob: Uint8Array): void
  /** The server turned us away for good: `mailbox.used`, `mailbox.expired`, `mailbox.unknown`, … */
  onRefused(refusal: WireRefusal): void
  /** Connected or not, for whoever shows it. */
  onConnection?(connected: boolean): void
}
