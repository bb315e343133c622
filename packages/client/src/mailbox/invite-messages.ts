import { open, seal } from '@countersign/crypto/aead'
import { CryptoError } from '@countersign/crypto/crypto-error'
import type { Secret } from '@countersign/crypto/secret'
import {
  hashSchema,
  kemKeySchema,
  nameSchema,
  noteSchema,
  signatureSchema,
  signKeySchema,
} from '@countersign/schema/bytes'
import {
  CanonicalError,
  type CborValue,
  decodeCanonical,
  encodeCanonical,
} from '@countersign/schema/canonical'
import { headSchema } from '@countersign/schema/entry'
import { idSchema } from '@countersign/schema/ids'
import { credentialSchema, deviceSchema, memberNamesSchema } from '@countersign/schema/membership'
import type { MailboxSlot } from '@countersign/schema/wire'
import { z } from 'zod'

/** What a newcomer brings: made on their machine, pinned by the team once both sides have compared the code. */
export const joinOfferSchema = z.strictObject({
  member: idSchema,
  signKey: signKeySchema,
  kemKey: kemKeySchema,
  /** Whether a recovery code was enrolled beside the security keys. */
  recovery: z.boolean(),
  device: deviceSchema,
  credentials: z.array(credentialSchema).min(1).max(20),
  names: memberNamesSchema,
})
export type JoinOffer = z.infer<typeof joinOfferSchema>

/** What the inviter says of the team, signed along with the nonce. */
export const inviteAboutSchema = z.strictObject({ team: nameSchema, inviter: nameSchema })
export type InviteAbout = z.infer<typeof inviteAboutSchema>

/** What stands in each slot before it is sealed. */
export const slotSchemas = {
  commit: z.strictObject({ commitment: hashSchema }),
  nonce: z.strictObject({ nonce: hashSchema, about: inviteAboutSchema, signature: signatureSchema }),
  open: z.strictObject({ offer: joinOfferSchema, nonce: hashSchema }),
  confirmed: z.strictObject({ transcript: hashSchema }),
  /** `head`: the ledger entry that made the newcomer a member. */
  accepted: z.strictObject({ transcript: hashSchema, head: headSchema }),
  declined: z.strictObject({
    by: z.enum(['inviter', 'invitee']),
    code: z.string().max(60),
    reason: noteSchema,
  }),
} as const

export type SlotMessage = {
  [S in MailboxSlot]: { slot: S; content: z.infer<(typeof slotSchemas)[S]> }
}[MailboxSlot]

export interface MailboxKey {
  readonly team: string
  readonly mailbox: Uint8Array
  readonly seal: Secret
}

const contextOf = ({ team, mailbox }: MailboxKey, slot: MailboxSlot) => ({
  type: 'invite',
  team,
  mailbox,
  slot,
})

export const sealSlot = (key: MailboxKey, message: SlotMessage): Uint8Array =>
  seal(key.seal, contextOf(key, message.slot), encodeCanonical(message.content as CborValue))

/** Opens a slot's blob; undefined where it was not sealed for this slot of this mailbox or is no message. */
export const openSlot = (key: MailboxKey, slot: MailboxSlot, blob: Uint8Array): SlotMessage | undefined => {
  let content: unknown
  try {
    content = decodeCanonical(open(key.seal, contextOf(key, slot), blob))
  } catch (cause) {
    // Whatever is wrong with it, the other side cannot tell and the exchange ends the same way.
    if (cause instanceof CryptoError || cause instanceof CanonicalError) return undefined
    throw cause
  }
  const parsed = slotSchemas[slot].safeParse(content)
  return parsed.success ? ({ slot, content: parsed.data } as SlotMessage) : undefined
}
