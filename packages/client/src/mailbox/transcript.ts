import { hashOf } from '@countersign/crypto/hash'
import { commitTo, shortCode } from '@countersign/crypto/short-code'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import type { InviteAbout, JoinOffer } from './invite-messages.ts'

/** What both sides know from the link. */
export interface InviteGround {
  readonly server: Uint8Array
  readonly team: string
  readonly genesisHash: Uint8Array
  readonly mailbox: Uint8Array
  /** The inviter's member key. */
  readonly inviter: Uint8Array
  readonly expiresAt: number
}

export const INVITE_NONCE_PURPOSE = 'invite-nonce'

const groundOf = (ground: InviteGround): Record<string, CborValue> => ({
  v: 1,
  server: ground.server,
  team: ground.team,
  genesisHash: ground.genesisHash,
  mailbox: ground.mailbox,
  inviter: ground.inviter,
  expiresAt: ground.expiresAt,
})

/** The newcomer's commitment to what they bring, before they see the inviter's nonce (P12). */
export const commitmentOf = (ground: InviteGround, offer: JoinOffer, nonce: Uint8Array): Uint8Array =>
  commitTo(encodeCanonical({ ...groundOf(ground), offer: offer as CborValue }), nonce)

/** What the inviter's member key signs in the nonce step. */
export const nonceStatement = (
  ground: InviteGround,
  commitment: Uint8Array,
  nonce: Uint8Array,
  about: InviteAbout,
): Uint8Array => encodeCanonical({ ...groundOf(ground), commitment, nonce, about })

export interface Transcript {
  /** Stands in the entry that makes the newcomer a member. */
  readonly hash: Uint8Array
  /** Six digits that both read aloud. */
  readonly code: string
}

export const transcriptOf = (
  ground: InviteGround,
  said: {
    readonly commitment: Uint8Array
    readonly inviterNonce: Uint8Array
    readonly about: InviteAbout
    readonly offer: JoinOffer
    readonly inviteeNonce: Uint8Array
  },
): Transcript => {
  const bytes = encodeCanonical({ ...groundOf(ground), ...said, offer: said.offer as CborValue })
  return { hash: hashOf('invite-transcript', bytes), code: shortCode(bytes) }
}
