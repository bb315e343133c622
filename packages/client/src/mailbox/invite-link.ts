import { sha256 } from '@countersign/crypto/hash'
import { Secret } from '@countersign/crypto/secret'
import { bytesSchema, hashSchema, signKeySchema, timeSchema } from '@countersign/schema/bytes'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { headSchema } from '@countersign/schema/entry'
import { idSchema } from '@countersign/schema/ids'
import { z } from 'zod'

export const INVITE_SCHEME = 'countersign-invite:'
const CHECK_BYTES = 6
const LENGTH_BYTES = 2
const SECRET_BYTES = 32

const contentSchema = z.strictObject({
  v: z.literal(1),
  url: z.string().min(1).max(2000),
  server: hashSchema,
  team: idSchema,
  genesisHash: hashSchema,
  /** The ledger when the invite was made: the newcomer's floor (P11). */
  head: headSchema,
  inviter: z.strictObject({ member: idSchema, signKey: signKeySchema }),
  secret: bytesSchema(SECRET_BYTES),
  expiresAt: timeSchema,
})
type Content = z.infer<typeof contentSchema>

/** What a link carries: enough to know the right team and inviter when one meets them, and the one-time secret. */
export interface Invite extends Omit<Content, 'v' | 'secret'> {
  readonly secret: Secret
}

export type InviteLinkRefusal = {
  readonly ok: false
  readonly code:
    | 'invite.not_a_link'
    | 'invite.truncated'
    | 'invite.altered'
    | 'invite.version'
    | 'invite.expired'
  readonly message: string
  readonly fix: string
}

/**
 * `countersign-invite:` and base64url of: length of the content (2 bytes, big-endian) ‖ canonical content ‖ the first 6 bytes of its
 * SHA-256. The check is against slips, not against attackers: those meet the short code. To be pasted or scanned, never opened as a
 * link (P12).
 */
export const encodeInviteLink = (invite: Invite): string => {
  const { secret, ...rest } = invite
  const content = encodeCanonical({ v: 1, ...rest, secret: secret.expose() })
  const out = Buffer.alloc(LENGTH_BYTES + content.length + CHECK_BYTES)
  out.writeUInt16BE(content.length, 0)
  out.set(content, LENGTH_BYTES)
  out.set(sha256(content).subarray(0, CHECK_BYTES), LENGTH_BYTES + content.length)
  return INVITE_SCHEME + out.toString('base64url')
}

const refuse = (code: InviteLinkRefusal['code'], message: string, fix: string): InviteLinkRefusal => ({
  ok: false,
  code,
  message,
  fix,
})
const altered = (): InviteLinkRefusal =>
  refuse(
    'invite.altered',
    'This invite was changed on its way.',
    'Ask for it to be sent again, and paste all of it.',
  )
const truncated = (): InviteLinkRefusal =>
  refuse('invite.truncated', 'The end of this invite is missing.', 'Copy all of it and paste it again.')

/** Reads a pasted link; spaces and line breaks in it do not matter. */
export const parseInviteLink = (
  text: string,
  now: number,
): { readonly ok: true; readonly invite: Invite } | InviteLinkRefusal => {
  const compact = text.replace(/\s+/g, '')
  if (!compact.startsWith(INVITE_SCHEME)) {
    return refuse(
      'invite.not_a_link',
      'This is no invite.',
      `An invite begins with “${INVITE_SCHEME}”. Paste the whole text you were sent.`,
    )
  }
  const encoded = compact.slice(INVITE_SCHEME.length)
  if (!/^[A-Za-z0-9_-]*$/.test(encoded)) return altered()
  const bytes = new Uint8Array(Buffer.from(encoded, 'base64url'))
  if (bytes.length < LENGTH_BYTES) return truncated()
  const length = (bytes[0]! << 8) | bytes[1]!
  const end = LENGTH_BYTES + length
  if (bytes.length < end + CHECK_BYTES) return truncated()
  if (bytes.length > end + CHECK_BYTES) return altered()
  const content = bytes.subarray(LENGTH_BYTES, end)
  if (Buffer.compare(sha256(content).subarray(0, CHECK_BYTES), bytes.subarray(end)) !== 0) return altered()
  return parseContent(content, now)
}

const parseContent = (
  content: Uint8Array,
  now: number,
): { readonly ok: true; readonly invite: Invite } | InviteLinkRefusal => {
  let value: unknown
  try {
    value = decodeCanonical(content)
  } catch {
    return altered()
  }
  const version = z.object({ v: z.number() }).safeParse(value)
  if (version.success && version.data.v !== 1) {
    return refuse(
      'invite.version',
      'This invite was made by a newer version of Countersign.',
      'Update Countersign, then paste it again.',
    )
  }
  const parsed = contentSchema.safeParse(value)
  if (!parsed.success) return altered()
  const { v: _, secret, ...rest } = parsed.data
  if (rest.expiresAt <= now) {
    return refuse('invite.expired', 'This invite has expired.', 'Ask for a new one.')
  }
  return { ok: true, invite: { ...rest, secret: Secret.take(Uint8Array.from(secret)) } }
}
