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
