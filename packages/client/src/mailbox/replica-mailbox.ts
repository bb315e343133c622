import { equalBytes } from '@countersign/crypto/hash'
import type { ServerMessage } from '@countersign/schema/wire'
import type { Replica } from '../replica/replica.ts'
import type { MailboxWire, MailboxWireEvents, WireRefusal } from './mailbox-wire.ts'

const OPEN_AGAIN_AFTER_MS = 1000

const refusalOf = (reply: ServerMessage | null): WireRefusal | null => {
  if (reply === null) return { code: 'offline', message: 'The server cannot be reached now.' }
  return reply.type === 'refused' ? { code: reply.code, message: reply.message } : null
}

/**
 * The inviter's side of a mailbox, on the installation's own connection: opened again whenever that comes back. Resolves with the
 * wire, or with why the server will not open it.
 */
export const replicaMailbox = async (
  replica: Pick<Replica, 'request' | 'onMailbox' | 'onStatus' | 'status'>,
  mailbox: Uint8Array,
  expiresAt: number,
  events: MailboxWireEvents,
): Promise<MailboxWire | WireRefusal> => {
  const stopListening = replica.onMailbox((message) => {
    if (equalBytes(message.mailbox, mailbox)) events.onSlot(message.slot, message.blob)
  })
  const open = async (): Promise<WireRefusal | null> =>
    refusalOf(await replica.request((ref) => ({ type: 'mailbox.open', ref, mailbox, expiresAt })))

  const first = await open()
  if (first !== null) {
    stopListening()
    return first
  }
  let live = true
  let closed = false
  const reopen = async (): Promise<void> => {
    while (!closed && replica.status().connection === 'live') {
      const refusal = await open()
      if (refusal === null) return
      if (refusal.code !== 'offline' && refusal.code !== 'rate.limited') return events.onRefused(refusal)
      await new Promise((resolve) => setTimeout(resolve, OPEN_AGAIN_AFTER_MS))
    }
  }
  const stopWatching = replica.onStatus(({ connection }) => {
    const now = connection === 'live'
    if (now === live) return
    live = now
    events.onConnection?.(now)
    if (now) void reopen()
  })
  return {
    post: async (slot, blob) =>
      refusalOf(await replica.request((ref) => ({ type: 'mailbox.post', ref, mailbox, slot, blob }))),
    close: async () => {
      closed = true
      stopWatching()
      stopListening()
      await replica.request((ref) => ({ type: 'mailbox.close', ref, mailbox }))
    },
  }
}
