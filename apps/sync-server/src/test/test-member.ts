import { Secret } from '@countersign/crypto/secret'
import { sign, signKeypair } from '@countersign/crypto/sign'
import { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'
import { RP_ID, RP_ORIGIN, randomBytes, webauthnChallenge } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import type { CredentialRecord, DeviceRecord, MemberKeys } from '@countersign/schema/membership'
import type { Role } from '@countersign/schema/policy'
import type { SignedWrap } from '@countersign/schema/wire'

/** A member with one device and one security key: real keys and signatures; what the server cannot open is random bytes. */
export class TestMember {
  readonly id = newId()
  readonly device: string = newId()
  readonly sign = signKeypair(Secret.random())
  readonly deviceSign = signKeypair(Secret.random())
  readonly kemKey = randomBytes(1216)
  readonly deviceKemKey = randomBytes(1216)
  readonly locator = signKeypair(Secret.random())
  readonly authenticator = new SoftwareAuthenticator()
  readonly roles: Role[]
  readonly #created

  constructor(roles: Role[]) {
    this.roles = roles
    const created = this.authenticator.create({
      rpId: RP_ID,
      origin: RP_ORIGIN,
      challenge: randomBytes(32),
      userId: randomBytes(16),
    })
    if ('code' in created) throw new Error(created.code)
    this.#created = created
  }

  get credentialId(): Uint8Array {
    return this.#created.credentialId
  }

  get keys(): MemberKeys {
    const { id, sign, kemKey, roles } = this
    return { member: id, signKey: sign.publicKey, kemKey, roles, recovery: true }
  }

  deviceRecord(team: string): DeviceRecord {
    const body = { device: this.device, signKey: this.deviceSign.publicKey, kemKey: this.deviceKemKey }
    const certificate = encodeCanonical({ team, member: this.id, ...body })
    return { ...body, signature: sign(this.sign.secretKey, 'device-cert', certificate) }
  }

  /** The same member on another installation. */
  onNewDevice(): TestMember {
    const device = {
      device: newId(),
      deviceSign: signKeypair(Secret.random()),
      deviceKemKey: randomBytes(1216),
    }
    return Object.assign(new TestMember(this.roles), { id: this.id, sign: this.sign, ...device })
  }

  assert(challenge: Uint8Array) {
    const got = this.authenticator.get({
      rpId: RP_ID,
      origin: RP_ORIGIN,
      challenge,
      allowCredentials: [this.credentialId],
    })
    if ('code' in got) throw new Error(got.code)
    return got.assertion
  }

  credential(team: string): CredentialRecord {
    const { credentialId, publicKey } = this.#created
    const challenge = webauthnChallenge('enrol', { team, member: this.id, credentialId, publicKey })
    return {
      credentialId,
      publicKey,
      aaguid: new TextEncoder().encode('countersign-soft'),
      backupEligible: false,
      backupState: false,
      attestationFormat: 'packed',
      proof: this.assert(challenge),
    }
  }

  /** The root wrapped under the security key, or under the recovery code. */
  wrap(team: string, kind: 'key' | 'recovery'): SignedWrap {
    const recovery = kind === 'recovery'
    const record = {
      team,
      member: this.id,
      credential: recovery ? new TextEncoder().encode('recovery') : this.credentialId,
      salt: randomBytes(32),
      blob: randomBytes(200),
      locatorKey: recovery ? this.locator.publicKey : null,
    }
    return { record, signature: sign(this.sign.secretKey, 'root-wrap', encodeCanonical(record)) }
  }
}
