import {
  equalBytes,
  RP_ID,
  RP_ORIGIN,
  verifyAssertion,
  verifySignature,
  webauthnChallenge,
} from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import { toHex } from '@countersign/schema/hex'
import type { MemberId, TeamId } from '@countersign/schema/ids'
import type { CredentialRecord, DeviceRecord, MemberKeys } from '@countersign/schema/membership'
import type { DeviceKeys, MemberRecord, PinnedCredential, Projection } from './projection-record.ts'
import type { RefusalCode } from './refusal.ts'

/** What a member's key signs to certify a device (purpose `device-cert`). */
export const deviceCertificateBytes = (team: TeamId, member: MemberId, device: DeviceRecord): Uint8Array =>
  encodeCanonical({ team, member, device: device.device, signKey: device.signKey, kemKey: device.kemKey })

/** Fields of the enrol challenge that a credential's proof signs (P21). */
export const enrolmentFields = (
  team: TeamId,
  member: MemberId,
  credential: Pick<CredentialRecord, 'credentialId' | 'publicKey'>,
) => ({ team, member, credentialId: credential.credentialId, publicKey: credential.publicKey })

/** L13: id and keys are new, and the member's key certifies them. */
export const checkDevice = (
  projection: Projection,
  team: TeamId,
  member: { readonly member: MemberId; readonly signKey: Uint8Array },
  device: DeviceRecord,
): RefusalCode | null => {
  if (projection.devices.has(device.device)) return 'device.exists'
  for (const known of projection.devices.values()) {
    if (equalBytes(known.signKey, device.signKey) || equalBytes(known.kemKey, device.kemKey))
      return 'device.exists'
  }
  const bytes = deviceCertificateBytes(team, member.member, device)
  return verifySignature(member.signKey, 'device-cert', bytes, device.signature) ? null : 'device.certificate'
}

/** L14: new in the team, proved by a touch over its own enrolment, hardware-bound, flags as signed. */
export const checkCredential = (
  projection: Projection,
  team: TeamId,
  member: MemberId,
  credential: CredentialRecord,
): RefusalCode | null => {
  if (projection.credentials.has(toHex(credential.credentialId))) return 'credential.exists'
  for (const known of projection.credentials.values()) {
    if (equalBytes(known.publicKey, credential.publicKey)) return 'credential.exists'
  }
  if (!equalBytes(credential.proof.credentialId, credential.credentialId)) return 'credential.proof'
  const proof = verifyAssertion({
    assertion: credential.proof,
    publicKey: credential.publicKey,
    challenge: webauthnChallenge('enrol', enrolmentFields(team, member, credential)),
    rpId: RP_ID,
    origins: [RP_ORIGIN],
  })
  if (!proof.ok) return 'credential.proof'
  if (proof.backupEligible !== credential.backupEligible || proof.backupState !== credential.backupState) {
    return 'credential.flags'
  }
  return credential.backupEligible ? 'credential.backup_eligible' : null
}

/** A newcomer's keys, device and credentials (L12–L14); `credentials` are also distinct among themselves. */
export const checkNewcomer = (
  projection: Projection,
  team: TeamId,
  newcomer: { member: MemberKeys; device: DeviceRecord; credentials: readonly CredentialRecord[] },
): RefusalCode | null => {
  const { member, device, credentials } = newcomer
  if (projection.members.has(member.member)) return 'member.exists'
  for (const known of projection.members.values()) {
    if (equalBytes(known.signKey, member.signKey) || equalBytes(known.kemKey, member.kemKey))
      return 'member.exists'
  }
  if (new Set(member.roles).size !== member.roles.length) return 'roles.duplicate'
  if (credentials.length < 2 && !member.recovery) return 'member.one_way_in'
  const deviceCode = checkDevice(projection, team, member, device)
  if (deviceCode !== null) return deviceCode
  const ids = new Set(credentials.map((each) => toHex(each.credentialId)))
  const keys = new Set(credentials.map((each) => toHex(each.publicKey)))
  if (ids.size !== credentials.length || keys.size !== credentials.length) return 'credential.exists'
  for (const credential of credentials) {
    const code = checkCredential(projection, team, member.member, credential)
    if (code !== null) return code
  }
  return null
}

export const memberRecord = (keys: MemberKeys, seq: number): MemberRecord => ({
  member: keys.member,
  signKey: keys.signKey,
  kemKey: keys.kemKey,
  roles: [...keys.roles],
  recovery: keys.recovery,
  addedAt: seq,
  removedAt: null,
  teamKeyAt: seq,
  auditKeyAt: keys.roles.includes('auditor') ? seq : null,
})

export const deviceKeys = (member: MemberId, device: DeviceRecord, seq: number): DeviceKeys => ({
  device: device.device,
  member,
  signKey: device.signKey,
  kemKey: device.kemKey,
  addedAt: seq,
  removedAt: null,
})

export const pinnedCredential = (
  member: MemberId,
  credential: CredentialRecord,
  seq: number,
): PinnedCredential => ({
  credentialId: credential.credentialId,
  member,
  publicKey: credential.publicKey,
  aaguid: credential.aaguid,
  backupEligible: credential.backupEligible,
  backupState: credential.backupState,
  attestationFormat: credential.attestationFormat,
  addedAt: seq,
  retiredAt: null,
})
