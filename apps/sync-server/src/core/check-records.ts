import { verifySignature } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import { toHex } from '@countersign/schema/hex'
import type { SignedSeen, SignedWrap } from '@countersign/schema/wire'
import { CLOCK_SKEW_MS, WRAP_BYTES } from './limits.ts'
import { type Refusal, refusal } from './refusal.ts'
import type { TeamState } from './team-state.ts'

/** Whether a device's statement of what it has seen is its own, and of a time that has come. */
export const checkSeen = (
  team: TeamState,
  device: string,
  member: string,
  { statement, signature }: SignedSeen,
  now: number,
): Refusal | null => {
  const key = team.projection.devices.get(device)?.signKey
  const own = statement.team === team.team && statement.device === device && statement.member === member
  if (!own || key === undefined || !verifySignature(key, 'seen', encodeCanonical(statement), signature)) {
    return refusal('append.refused', 'The statement is not this device’s own.')
  }
  if (statement.time > now + CLOCK_SKEW_MS) {
    return refusal('append.refused', 'The statement lies in the future. Check this device’s clock.')
  }
  return null
}

export const RECOVERY = toHex(new TextEncoder().encode('recovery'))

/** Whether a wrapped root key is the member's own, for a security key they have now or for their recovery code. */
export const checkWrap = (
  team: TeamState,
  member: string,
  { record, signature }: SignedWrap,
): Refusal | null => {
  const key = team.projection.members.get(member)?.signKey
  if (record.team !== team.team || record.member !== member || key === undefined)
    return refusal('wrap.refused')
  if (record.blob.length > WRAP_BYTES) return refusal('size.limited')
  const credential = toHex(record.credential)
  const isRecovery = credential === RECOVERY
  const pinned = team.projection.credentials.get(credential)
  const isPinned = pinned !== undefined && pinned.member === member && pinned.retiredAt === null
  if (isRecovery !== (record.locatorKey !== null) || (!isRecovery && !isPinned))
    return refusal('wrap.refused')
  return verifySignature(key, 'root-wrap', encodeCanonical(record), signature)
    ? null
    : refusal('wrap.refused')
}
