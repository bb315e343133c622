import { verifySignature } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import { type ClientMessage, PROTOCOL } from '@countersign/schema/wire'
import { type Refusal, refusal } from './refusal.ts'
import type { TeamState } from './team-state.ts'

/**
 * Whether a device is who it says: known, active, of an active member, and it signed this server's id, the team and both
 * nonces (P9). Every failure has one answer.
 */
export const checkLogin = (
  team: TeamState | undefined,
  hello: Extract<ClientMessage, { type: 'hello' }>,
  server: Uint8Array,
  serverNonce: Uint8Array,
): { readonly member: string } | Refusal => {
  const member = team?.memberOf(hello.device)
  const device = team?.projection.devices.get(hello.device)
  if (member === undefined || member === null || device === undefined) return refusal('login.refused')
  const { clientNonce } = hello
  const statement = encodeCanonical({
    protocol: PROTOCOL,
    server,
    team: hello.team,
    device: hello.device,
    serverNonce,
    clientNonce,
  })
  return verifySignature(device.signKey, 'login', statement, hello.signature)
    ? { member }
    : refusal('login.refused')
}

/**
 * Whether it is an active member who says so, for a device that is theirs or nobody's (P11): the member key signed this server's id, the
 * team, the device and both nonces, under a purpose of its own. Every failure has one answer.
 */
export const checkMemberLogin = (
  team: TeamState | undefined,
  hello: Extract<ClientMessage, { type: 'hello.member' }>,
  server: Uint8Array,
  serverNonce: Uint8Array,
): { readonly member: string } | Refusal => {
  const member = team?.projection.members.get(hello.member)
  if (team === undefined || member === undefined || member.removedAt !== null) return refusal('login.refused')
  // One whose answer was lost finds its device there already; a removed device does not come back.
  const taken = team.projection.devices.has(hello.device)
  if (taken && team.memberOf(hello.device) !== hello.member) return refusal('login.refused')
  const { clientNonce } = hello
  const statement = encodeCanonical({
    protocol: PROTOCOL,
    server,
    team: hello.team,
    member: hello.member,
    device: hello.device,
    serverNonce,
    clientNonce,
  })
  return verifySignature(member.signKey, 'member-login', statement, hello.signature)
    ? { member: hello.member }
    : refusal('login.refused')
}
