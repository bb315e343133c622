import { fromHex, toHex } from '@countersign/schema/hex'
import type { ClientMessage, MailboxSlot, ServerMessage } from '@countersign/schema/wire'
import { checkPost } from '../../core/mailbox.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import type { MailboxRecord } from '../../core/store.ts'
import type { NodeContext } from '../../node-context.ts'

/** One connection's place at invitations' mailboxes: listens, and writes its side's steps. */
export class MailboxSeat {
  readonly #node: NodeContext
  readonly #send: (message: ServerMessage) => void
  readonly #listening = new Map<string, { onPosted: (slot: MailboxSlot, blob: Uint8Array) => void }>()

  constructor(node: NodeContext, send: (message: ServerMessage) => void) {
    this.#node = node
    this.#send = send
  }

  /** Sends the steps that are there and, from now on, each new one. */
  listen(record: MailboxRecord): void {
    const mailbox = fromHex(record.mailbox)
    const listener = this.#listening.get(record.mailbox) ?? {
      onPosted: (slot: MailboxSlot, blob: Uint8Array) => this.#send({ type: 'mailbox', mailbox, slot, blob }),
    }
    this.#listening.set(record.mailbox, listener)
    this.#node.mailboxes.add(record.mailbox, listener)
    for (const [slot, blob] of record.slots) this.#send({ type: 'mailbox', mailbox, slot, blob })
  }

  /** Writes one step. `joiner` for the invitee's side; `member` (of `team`) for the inviter's. */
  async post(
    message: Extract<ClientMessage, { type: 'mailbox.post' }>,
    joiner: Uint8Array | null,
    inviter: { readonly team: string; readonly member: string } | null,
  ): Promise<Refusal | null> {
    const mailbox = toHex(message.mailbox)
    const { mailboxes } = this.#node.store
    const record = await mailboxes.get(mailbox)
    if (inviter !== null && (record?.team !== inviter.team || record.member !== inviter.member)) {
      return refusal('mailbox.unknown')
    }
    const refused = checkPost(record, message.slot, message.blob, joiner, this.#node.now())
    if (refused !== null) return refused
    const pinned = message.slot === 'commit' ? joiner : null
    if (!(await mailboxes.post(mailbox, message.slot, message.blob, pinned))) return refusal('mailbox.used')
    const listener = this.#listening.get(mailbox) ?? { onPosted: () => {} }
    this.#node.mailboxes.posted(mailbox, message.slot, message.blob, listener)
    return null
  }

  leave(): void {
    for (const [mailbox, listener] of this.#listening) this.#node.mailboxes.remove(mailbox, listener)
    this.#listening.clear()
  }
}
