import { toHex } from '@countersign/schema/hex'
import type { ClientMessage, MailboxSlot } from '@countersign/schema/wire'
import type { Link } from './link.ts'

interface Mailbox {
  readonly key: Uint8Array
  readonly expiresAt: number
  readonly slots: Map<MailboxSlot, Uint8Array>
}

/** Mailboxes of invites without any check: whoever asks gets in, whatever is posted is kept and passed on. */
export class Mailboxes {
  readonly #all = new Map<string, Mailbox>()
  /** Changes a blob on its way to the other side; `null` keeps it back. */
  pass: (slot: MailboxSlot, blob: Uint8Array, to: Link) => Uint8Array | null = (_slot, blob) => blob

  all(): Uint8Array[] {
    return [...this.#all.values()].flatMap(({ slots }) => [...slots.values()])
  }

  answer(message: ClientMessage, link: Link, links: readonly Link[]): void {
    switch (message.type) {
      case 'mailbox.open': {
        const name = toHex(message.mailbox)
        const known = this.#all.get(name) ?? {
          key: message.mailbox,
          expiresAt: message.expiresAt,
          slots: new Map(),
        }
        this.#all.set(name, known)
        link.mailbox = name
        link.tell({ type: 'ok', ref: message.ref })
        this.#replay(known, link)
        return
      }
      case 'mailbox.join': {
        const known = this.#all.get(toHex(message.mailbox))
        if (known === undefined) return
        link.mailbox = toHex(message.mailbox)
        link.tell({ type: 'mailbox.joined', mailbox: known.key, expiresAt: known.expiresAt })
        this.#replay(known, link)
        return
      }
      case 'mailbox.post': {
        const name = toHex(message.mailbox)
        const known = this.#all.get(name)
        if (known === undefined) return
        known.slots.set(message.slot, message.blob)
        link.tell({ type: 'ok', ref: message.ref })
        for (const other of links)
          if (other !== link && other.mailbox === name) this.#tell(known, message.slot, other)
        return
      }
      case 'mailbox.close':
        link.tell({ type: 'ok', ref: message.ref })
        return
      default:
        return
    }
  }

  #replay(mailbox: Mailbox, link: Link): void {
    for (const slot of mailbox.slots.keys()) this.#tell(mailbox, slot, link)
  }

  #tell({ key, slots }: Mailbox, slot: MailboxSlot, link: Link): void {
    const blob = slots.get(slot)
    const passed = blob === undefined ? null : this.pass(slot, blob, link)
    if (passed !== null) link.tell({ type: 'mailbox', mailbox: key, slot, blob: passed })
  }
}
