// Test-only: real keys and real assertions, in software. Blobs are random bytes, because the ledger opens nothing.
import { deviceKem, deviceSign, memberKeys } from '@countersign/crypto/derive'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import {
  SOFTWARE_AAGUID,
  SoftwareAuthenticator,
  type SoftwareAuthenticatorOptions,
} from '@countersign/crypto/software-authenticator'
import { RP_ID, RP_ORIGIN, webauthnChallenge } from '@countersign/crypto/verify'
import type { CborValue } from '@countersign/schema/canonical'
import { type DeviceId, type MemberId, newId, type TeamId } from '@countersign/schema/ids'
import type { AssertionRecord, CredentialRecord, DeviceRecord } from '@countersign/schema/membership'
import type { Role } from '@countersign/schema/policy'
import { deviceCertificateBytes, enrolmentFields } from '../src/check-enrolment.ts'

export interface TestDevice {
  readonly device: DeviceId
  readonly sign: KeyPair
  readonly kem: KeyPair
}

export interface SecurityKey {
  readonly authenticator: SoftwareAuthenticator
  readonly credentialId: Uint8Array
  readonly publicKey: Uint8Array
}

const refusedCeremony = (code: string): Error => new Error(`the software key refused: ${code}`)

export const newSecurityKey = (
  member: MemberId,
  options: Partial<SoftwareAuthenticatorOptions> = {},
): SecurityKey => {
  const authenticator = new SoftwareAuthenticator(options)
  const created = authenticator.create({
    rpId: RP_ID,
    origin: RP_ORIGIN,
    challenge: randomBytes(32),
    userId: new TextEncoder().encode(member),
  })
  if ('code' in created) throw refusedCeremony(created.code)
  return { authenticator, credentialId: created.credentialId, publicKey: created.publicKey }
}

/** One touch on a security key over a challenge of this purpose. */
export const touch = (
  key: SecurityKey,
  purpose: 'enrol' | 'approve' | 'unlock',
  fields: Record<string, CborValue>,
): AssertionRecord => {
  const got = key.authenticator.get({
    rpId: RP_ID,
    origin: RP_ORIGIN,
    challenge: webauthnChallenge(purpose, fields),
    allowCredentials: [key.credentialId],
  })
  if ('code' in got) throw refusedCeremony(got.code)
  return got.assertion
}

/** A person with a member root, devices and security keys. */
export class Person {
  readonly member: MemberId
  readonly name: string
  readonly sign: KeyPair
  readonly kem: KeyPair
  readonly devices: TestDevice[] = []
  readonly keys: SecurityKey[] = []
  readonly #root = Secret.random(32)

  /** `member`: somebody else's id, where somebody stands in for them. */
  constructor(name: string, securityKeys = 2, member: MemberId = newId()) {
    this.name = name
    this.member = member
    const keys = memberKeys(this.#root)
    this.sign = keys.sign
    this.kem = keys.kem
    this.newDevice()
    for (let i = 0; i < securityKeys; i++) this.newKey()
  }

  get device(): TestDevice {
    const [first] = this.devices
    if (first === undefined) throw new Error('a person has a device')
    return first
  }

  newDevice(): TestDevice {
    const secret = Secret.random(32)
    const device = { device: newId(), sign: deviceSign(secret), kem: deviceKem(this.#root, secret) }
    this.devices.push(device)
    return device
  }

  newKey(): SecurityKey {
    const key = newSecurityKey(this.member)
    this.keys.push(key)
    return key
  }

  memberKeys(roles: Role[], recovery = false) {
    return {
      member: this.member,
      signKey: this.sign.publicKey,
      kemKey: this.kem.publicKey,
      roles,
      recovery,
    }
  }

  deviceRecord(team: TeamId, device: TestDevice = this.device): DeviceRecord {
    const record = { device: device.device, signKey: device.sign.publicKey, kemKey: device.kem.publicKey }
    const unsigned = { ...record, signature: new Uint8Array(64) }
    const bytes = deviceCertificateBytes(team, this.member, unsigned)
    return { ...record, signature: sign(this.sign.secretKey, 'device-cert', bytes) }
  }

  credentialRecord(team: TeamId, key: SecurityKey): CredentialRecord {
    const { credentialId, publicKey } = key
    return {
      credentialId,
      publicKey,
      aaguid: SOFTWARE_AAGUID,
      backupEligible: false,
      backupState: false,
      attestationFormat: 'packed',
      proof: touch(key, 'enrol', enrolmentFields(team, this.member, key)),
    }
  }

  credentialRecords(team: TeamId): CredentialRecord[] {
    return this.keys.map((key) => this.credentialRecord(team, key))
  }
}
