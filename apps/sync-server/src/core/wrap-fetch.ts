import { verifySignature, webauthnChallenge } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import { toHex } from '@countersign/schema/hex'
import type { SignedWrap } from '@countersign/schema/wire'
import type { WrapFetchRequest, WrapOptions } from '@countersign/schema/wrap-http'
import { RECOVERY } from './check-records.ts'
import type { TeamState } from './team-state.ts'

const isActive = (team: TeamState, member: string): boolean =>
  team.projection.members.get(member)?.removedAt === null

/** What a new device of a member may try: credentials that still count and have a wrap. */
export const wrapChoices = (
  team: TeamState | undefined,
  member: string,
  wraps: readonly SignedWrap[],
): WrapOptions['credentials'] => {
  if (team === undefined || !isActive(team, member)) return []
  return wraps
    .filter(({ record }) => pinnedKey(team, member, record.credential) !== null)
    .map(({ record }) => ({ credentialId: record.credential, salt: record.salt }))
}

/** The COSE key of the credential an assertion names, if that member has it. */
export const pinnedKey = (team: TeamState, member: string, credentialId: Uint8Array): Uint8Array | null => {
  const pinned = team.projection.credentials.get(toHex(credentialId))
  const counts = pinned !== undefined && pinned.member === member && pinned.retiredAt === null
  return counts && isActive(team, member) ? pinned.publicKey : null
}

interface Bound {
  readonly team: string
  readonly member: string
  readonly server: Uint8Array
  readonly nonce: Uint8Array
}

/** What the assertion has to be over (P9): computed here, chosen by nobody. */
export const fetchChallenge = ({ team, member, server, nonce }: Bound): Uint8Array =>
  webauthnChallenge('fetch-wrap', { team, member, server, nonce })

/** The member's recovery wrap, if the proof shows knowledge of its code. */
export const recoveryWrap = (
  team: TeamState,
  request: WrapFetchRequest,
  server: Uint8Array,
  wraps: readonly SignedWrap[],
): SignedWrap | null => {
  if (request.proof.type !== 'recovery' || !isActive(team, request.member)) return null
  const wrap = wraps.find(({ record }) => toHex(record.credential) === RECOVERY)
  const key = wrap?.record.locatorKey
  if (wrap === undefined || key === null || key === undefined) return null
  const { member, nonce } = request
  const statement = encodeCanonical({ team: request.team, member, server, nonce })
  return verifySignature(key, 'fetch-wrap', statement, request.proof.signature) ? wrap : null
}
