import { deviceKem, deviceSign, memberKeys } from '@countersign/crypto/derive'
import type { KeyPair } from '@countersign/crypto/key-pair'
import type { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { deviceCertificateBytes } from '@countersign/ledger/check-enrolment'
import type { CredentialRecord, DeviceRecord, MemberKeys } from '@countersign/schema/membership'
import type { Role } from '@countersign/schema/policy'

/** A person and their installation before any team knows them. */
export interface NewMember {
  readonly member: string
  readonly root: Secret
  readonly device: string
  readonly deviceSecret: Secret
  readonly recovery: boolean
  readonly name: string
  readonly deviceName: string
  /** Public records of the enrolled security keys, with their labels in the same order. */
  readonly credentials: readonly CredentialRecord[]
  readonly labels: readonly string[]
}

/** The public half of a newcomer, as `team.create` and `member.add` carry it. */
export interface NewcomerRecords {
  readonly member: MemberKeys
  readonly device: DeviceRecord
  readonly credentials: CredentialRecord[]
}

/** Certifies a device by its member's key (L13). */
export const certifyDevice = (
  team: string,
  member: string,
  memberSign: KeyPair,
  device: Omit<DeviceRecord, 'signature'>,
): DeviceRecord => {
  const unsigned = { ...device, signature: new Uint8Array(64) }
  const signature = sign(memberSign.secretKey, 'device-cert', deviceCertificateBytes(team, member, unsigned))
  return { ...device, signature }
}

export const newcomerRecords = (team: string, newcomer: NewMember, roles: Role[]): NewcomerRecords => {
  const keys = memberKeys(newcomer.root)
  const device = certifyDevice(team, newcomer.member, keys.sign, {
    device: newcomer.device,
    signKey: deviceSign(newcomer.deviceSecret).publicKey,
    kemKey: deviceKem(newcomer.root, newcomer.deviceSecret).publicKey,
  })
  return {
    member: {
      member: newcomer.member,
      signKey: keys.sign.publicKey,
      kemKey: keys.kem.publicKey,
      roles,
      recovery: newcomer.recovery,
    },
    device,
    credentials: [...newcomer.credentials],
  }
}
