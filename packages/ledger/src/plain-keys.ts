import type { Envelope } from '@countersign/schema/entry'
import { toHex } from '@countersign/schema/hex'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import { checkCredential, checkDevice, deviceKeys, pinnedCredential } from './check-enrolment.ts'
import { activeDevice, activeMember, credentialById, credentialsOf, isAdmin } from './projection-lookup.ts'
import type { Projection } from './projection-record.ts'
import type { RefusalCode } from './refusal.ts'

export const checkDeviceAdd = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'device.add'>,
): RefusalCode | null => {
  const author = activeMember(projection, envelope.member)
  if (author === undefined) return 'author.inactive'
  return checkDevice(projection, envelope.team, author, plain.device)
}

export const applyDeviceAdd = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'device.add'>,
) => {
  projection.devices.set(plain.device.device, deviceKeys(envelope.member, plain.device, envelope.seq))
}

export const checkDeviceRemove = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'device.remove'>,
): RefusalCode | null => {
  const device = activeDevice(projection, plain.device)
  if (device === undefined) return 'device.unknown'
  return device.member === envelope.member || isAdmin(projection, envelope.member)
    ? null
    : 'author.not_allowed'
}

export const applyDeviceRemove = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'device.remove'>,
) => {
  const device = projection.devices.get(plain.device)
  if (device !== undefined) device.removedAt = envelope.seq
}

export const checkCredentialAdd = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'credential.add'>,
): RefusalCode | null => checkCredential(projection, envelope.team, envelope.member, plain.credential)

export const applyCredentialAdd = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'credential.add'>,
) => {
  projection.credentials.set(
    toHex(plain.credential.credentialId),
    pinnedCredential(envelope.member, plain.credential, envelope.seq),
  )
}

export const checkCredentialRetire = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'credential.retire'>,
): RefusalCode | null => {
  const credential = credentialById(projection, plain.credentialId)
  if (credential === undefined || credential.retiredAt !== null) return 'credential.unknown'
  if (credential.member !== envelope.member && !isAdmin(projection, envelope.member))
    return 'author.not_allowed'
  const active = activeMember(projection, credential.member) !== undefined
  return active && credentialsOf(projection, credential.member).length === 1 ? 'credential.last' : null
}

export const applyCredentialRetire = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'credential.retire'>,
) => {
  const credential = credentialById(projection, plain.credentialId)
  if (credential !== undefined) credential.retiredAt = envelope.seq
}
