import { deviceKem, deviceSign, memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { RP_ID, RP_ORIGIN } from '@countersign/crypto/rp'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { SoftwareAuthenticator } from '@countersign/crypto/software-authenticator'
import { parseAttestedCredential } from '@countersign/crypto/verify'
import { webauthnChallenge } from '@countersign/crypto/webauthn-challenge'
import { enrolmentFields } from '@countersign/ledger/check-enrolment'
import { ENTRY_PURPOSE } from '@countersign/schema/entry'
import { auditStream, compartmentStream, LEDGER, newId, type StreamName } from '@countersign/schema/ids'
import type { CredentialRecord } from '@countersign/schema/membership'
import { certifyDevice, type NewMember, newcomerRecords } from '../src/members/new-member.ts'
import type { DeviceIdentity } from '../src/replica/device-identity.ts'
import type { Draft, Signer } from '../src/replica/draft.ts'

const enrol = (authenticator: SoftwareAuthenticator, team: string, member: string): CredentialRecord => {
  const created = authenticator.create({
    rpId: RP_ID,
    origin: RP_ORIGIN,
    challenge: webauthnChallenge('enrol', { team, member }),
    userId: randomBytes(32),
  })
  if ('code' in created) throw new Error(created.code)
  const attested = parseAttestedCredential(created.authenticatorData)!
  const { credentialId, publicKey } = created
  const got = authenticator.get({
    rpId: RP_ID,
    origin: RP_ORIGIN,
    challenge: webauthnChallenge('enrol', enrolmentFields(team, member, { credentialId, publicKey })),
    allowCredentials: [credentialId],
  })
  if ('code' in got) throw new Error(got.code)
  return {
    credentialId,
    publicKey,
    aaguid: attested.aaguid,
    backupEligible: false,
    backupState: false,
    attestationFormat: 'packed',
    proof: got.assertion,
  }
}

/** A member with one installation: real keys, real credentials; what is sealed in entries is random, as only its size matters here. */
export class Person {
  readonly member = newId()
  readonly root = Secret.random()
  readonly keys = memberKeys(this.root)
  readonly device: string
  readonly deviceSecret = Secret.random()
  readonly authenticator = new SoftwareAuthenticator()

  constructor(device: string = newId()) {
    this.device = device
  }

  newMember(team: string): NewMember {
    return {
      member: this.member,
      root: this.root,
      device: this.device,
      deviceSecret: this.deviceSecret,
      recovery: true,
      name: 'Person',
      deviceName: 'Laptop',
      credentials: [enrol(this.authenticator, team, this.member)],
      labels: ['Key'],
    }
  }

  identity(
    team: { readonly id: string; readonly genesisHash: Uint8Array },
    server: DeviceIdentity['server'],
  ): DeviceIdentity {
    return {
      team: team.id,
      member: this.member,
      device: this.device,
      signKey: deviceSign(this.deviceSecret),
      server,
      genesisHash: team.genesisHash,
      floors: [],
    }
  }

  readonly signer: Signer = {
    sign: (stream: StreamName, bytes: Uint8Array) =>
      sign(
        stream.startsWith('a/') ? deviceSign(this.deviceSecret).secretKey : this.keys.sign.secretKey,
        ENTRY_PURPOSE,
        bytes,
      ),
  }
}

const sealed = (length = 64): Uint8Array => randomBytes(length)

export const vaultDraft = (): Draft => ({
  stream: LEDGER,
  type: 'vault.create',
  plain: { teamKeyEpoch: 0, vault: newId() },
  body: sealed(),
  id: newId(),
})

export const environmentDraft = (vault: string, environment: string, holders: readonly string[]): Draft => ({
  stream: LEDGER,
  type: 'environment.create',
  plain: {
    teamKeyEpoch: 0,
    vault,
    epoch: {
      environment,
      epoch: 0,
      metaCommitment: randomBytes(32),
      valueCommitment: randomBytes(32),
      wraps: holders.map((member) => ({ member, meta: sealed(), value: sealed() })),
      previousMeta: null,
      previousValue: null,
    },
  },
  body: sealed(),
  id: newId(),
})

export const itemDraft = (environment: string, item = newId(), version = 1): Draft => ({
  stream: compartmentStream(environment),
  type: 'item.put',
  plain: { item, version, base: version - 1, epoch: 0, meta: sealed(), value: sealed(), itemKey: sealed() },
  body: null,
  id: newId(),
})

export const memberDraft = (team: string, person: Person): Draft => {
  const { member, device, credentials } = newcomerRecords(team, person.newMember(team), ['developer'])
  return {
    stream: LEDGER,
    type: 'member.add',
    plain: {
      teamKeyEpoch: 0,
      authority: null,
      member: { ...member },
      device: { ...device },
      credentials: credentials.map(({ proof, ...rest }) => ({ ...rest, proof: { ...proof } })),
      teamKey: { member: person.member, blob: sealed() },
      auditKey: null,
      access: [],
      transcript: randomBytes(32),
    },
    body: sealed(),
    id: newId(),
  }
}

/** Removes a member: a new team key for those who stay. */
export const removalDraft = (gone: Person, staying: readonly Person[]): Draft => ({
  stream: LEDGER,
  type: 'member.remove',
  plain: {
    teamKeyEpoch: 0,
    member: gone.member,
    teamKey: {
      epoch: 1,
      commitment: randomBytes(32),
      wraps: staying.map(({ member }) => ({ member, blob: sealed() })),
      previous: sealed(),
    },
    auditKey: null,
    epochs: [],
    cuts: [],
  },
  body: sealed(),
  id: newId(),
})

/** An entry of a device's own audit stream; what is sealed in it is random. */
export const auditDraft = (person: Person): Draft => ({
  stream: auditStream(person.device),
  type: 'audit.segment',
  plain: { segment: newId(), auditEpoch: 0, key: sealed(), cause: 'start' },
  body: null,
  id: newId(),
})

/** Another installation of the same member: signed by the member's key as `device.add` certifies it. */
export const secondDevice = (team: string, person: Person): { device: Person; draft: Draft } => {
  const device = Object.assign(new Person(), { member: person.member, root: person.root, keys: person.keys })
  const record = certifyDevice(team, person.member, person.keys.sign, {
    device: device.device,
    signKey: deviceSign(device.deviceSecret).publicKey,
    kemKey: deviceKem(person.root, device.deviceSecret).publicKey,
  })
  const plain = { teamKeyEpoch: 0, device: record }
  return { device, draft: { stream: LEDGER, type: 'device.add', plain, body: sealed(), id: newId() } }
}
