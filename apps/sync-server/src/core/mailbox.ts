import { equalBytes, hashOf, verifySignature } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import { type ClientMessage, type MailboxSlot, PROTOCOL } from '@countersign/schema/wire'
import { MAILBOX_MAX_LIFE_MS, MAILBOX_SLOT_BYTES } from './limits.ts'
import { type Refusal, refusal } from './refusal.ts'
import type { MailboxRecord } from './store.ts'

export type MailboxSide = 'inviter' | 'invitee'

/** Who writes a step, and after which (P12). */
const STEPS: Record<MailboxSlot, { sides: readonly MailboxSide[]; after: MailboxSlot | null }> = {
  commit: { sides: ['invitee'], after: null },
  nonce: { sides: ['inviter'], after: 'commit' },
  open: { sides: ['invitee'], after: 'nonce' },
  confirmed: { sides: ['invitee'], after: 'open' },
  accepted: { sides: ['inviter'], after: 'open' },
  declined: { sides: ['invitee', 'inviter'], after: null },
}

/** A joiner is known by the nonce it keeps over its connections; only its hash is kept here. */
export const joinerOf = (clientNonce: Uint8Array): Uint8Array => hashOf('mailbox-joiner', clientNonce)

const gone = (record: MailboxRecord | undefined, now: number): Refusal | null => {
  if (record === undefined) return refusal('mailbox.unknown')
  return record.expiresAt <= now ? refusal('mailbox.expired') : null
}

/** Whether the holder of an invite's key may use its mailbox: once somebody has committed, only they may. */
export const checkJoin = (
  record: MailboxRecord | undefined,
  message: Extract<ClientMessage, { type: 'mailbox.join' }>,
  server: Uint8Array,
  serverNonce: Uint8Array,
  now: number,
): Refusal | null => {
  const { mailbox, clientNonce, signature } = message
  const statement = encodeCanonical({ protocol: PROTOCOL, server, mailbox, serverNonce, clientNonce })
  if (!verifySignature(mailbox, 'mailbox-login', statement, signature)) return refusal('mailbox.unknown')
  const missing = gone(record, now)
  if (missing !== null || record === undefined) return missing
  const taken = record.joiner !== null && !equalBytes(record.joiner, joinerOf(clientNonce))
  return taken ? refusal('mailbox.used') : null
}

/** Whether one side may write a slot now. `joiner` is null for the inviter. */
export const checkPost = (
  record: MailboxRecord | undefined,
  slot: MailboxSlot,
  blob: Uint8Array,
  joiner: Uint8Array | null,
  now: number,
): Refusal | null => {
  const missing = gone(record, now)
  if (missing !== null || record === undefined) return missing
  if (blob.length > MAILBOX_SLOT_BYTES) return refusal('size.limited')
  if (joiner !== null && record.joiner !== null && !equalBytes(record.joiner, joiner))
    return refusal('mailbox.used')
  const step = STEPS[slot]
  if (!step.sides.includes(joiner === null ? 'inviter' : 'invitee')) {
    return refusal('mailbox.used', 'The other side of the invitation writes that step.')
  }
  if (record.slots.has(slot)) return refusal('mailbox.used', 'That step of the invitation was taken already.')
  if (step.after !== null && !record.slots.has(step.after)) {
    return refusal('state.unexpected', 'That step of the invitation comes later.')
  }
  return null
}

export const checkExpiry = (expiresAt: number, now: number): Refusal | null => {
  if (expiresAt <= now)
    return refusal('mailbox.expired', 'The invitation would have expired already. Check the clock.')
  if (expiresAt > now + MAILBOX_MAX_LIFE_MS) {
    return refusal('size.limited', 'An invitation lasts seven days at most.')
  }
  return null
}
