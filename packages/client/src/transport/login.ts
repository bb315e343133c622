import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import { PROTOCOL } from '@countersign/schema/wire'

export const LOGIN_PURPOSE = 'login'
export const MAILBOX_LOGIN_PURPOSE = 'mailbox-login'

interface Nonces {
  readonly server: Uint8Array
  readonly serverNonce: Uint8Array
  readonly clientNonce: Uint8Array
}

/** What a device signs to log in (P9): bound to this server, team, device and both nonces. */
export const loginStatement = (
  login: Nonces & { readonly team: string; readonly device: string },
): Uint8Array =>
  encodeCanonical({ protocol: PROTOCOL, ...pick(login), team: login.team, device: login.device })

export const MEMBER_LOGIN_PURPOSE = 'member-login'

/** What a member's key signs to add a device that the team does not know (P11). */
export const memberLoginStatement = (
  login: Nonces & { readonly team: string; readonly member: string; readonly device: string },
): Uint8Array =>
  encodeCanonical({
    protocol: PROTOCOL,
    ...pick(login),
    team: login.team,
    member: login.member,
    device: login.device,
  })

/** What an invite's key signs to join its mailbox. */
export const mailboxLoginStatement = (login: Nonces & { readonly mailbox: Uint8Array }): Uint8Array =>
  encodeCanonical({ protocol: PROTOCOL, ...pick(login), mailbox: login.mailbox })

const pick = ({ server, serverNonce, clientNonce }: Nonces): Record<string, CborValue> => ({
  server,
  serverNonce,
  clientNonce,
})
