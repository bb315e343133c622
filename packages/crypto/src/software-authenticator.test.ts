import { createHash, createHmac, createPublicKey, verify } from 'node:crypto'
import { decodeCanonical } from '@countersign/schema/canonical'
import { beforeAll, expect, test } from 'vitest'
import { verifyAssertion } from './assertion.ts'
import { CryptoError } from './crypto-error.ts'
import { cryptoReady } from './ready.ts'
import { RP_ID, RP_ORIGIN } from './rp.ts'
import {
  type CreatedCredential,
  type GotAssertion,
  SOFTWARE_AAGUID,
  SoftwareAuthenticator,
} from './software-authenticator.ts'

beforeAll(cryptoReady)

const challenge = new Uint8Array(32).fill(1)
const salt = new Uint8Array(32).fill(2)
const at = { rpId: RP_ID, origin: RP_ORIGIN, challenge }

const enrol = (authenticator: SoftwareAuthenticator, prfSalt?: Uint8Array): CreatedCredential => {
  const userId = new Uint8Array(16)
  const created = authenticator.create(prfSalt ? { ...at, userId, prfSalt } : { ...at, userId })
  if ('code' in created) throw new Error(created.code)
  return created
}

const touch = (authenticator: SoftwareAuthenticator, id: Uint8Array, prfSalt = salt): GotAssertion => {
  const got = authenticator.get({ ...at, allowCredentials: [id], prfSalt })
  if ('code' in got) throw new Error(got.code)
  return got
}

const expectation = { challenge, rpId: RP_ID, origins: [RP_ORIGIN] }

test('C19 its assertions are genuine', () => {
  const authenticator = new SoftwareAuthenticator()
  const { credentialId, publicKey } = enrol(authenticator)
  const { assertion } = touch(authenticator, credentialId)
  expect(verifyAssertion({ assertion, publicKey, ...expectation })).toMatchObject({ ok: true, signCount: 2 })
})

test('C19 packed attestation is signed by the credential over the creation, and says software', () => {
  const created = enrol(new SoftwareAuthenticator())
  const object = decodeCanonical(created.attestationObject) as {
    fmt: string
    attStmt: { alg: number; sig: Uint8Array }
    authData: Uint8Array
  }
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: Buffer.from(created.publicKey.subarray(10, 42)).toString('base64url'),
    y: Buffer.from(created.publicKey.subarray(45, 77)).toString('base64url'),
  }
  const signedBytes = Buffer.concat([
    object.authData,
    createHash('sha256').update(created.clientDataJSON).digest(),
  ])
  expect(object.fmt).toBe('packed')
  expect(
    verify('sha256', signedBytes, createPublicKey({ key: jwk, format: 'jwk' }), object.attStmt.sig),
  ).toBe(true)
  expect(Buffer.from(object.authData).includes(Buffer.from(SOFTWARE_AAGUID))).toBe(true)
  const none = enrol(new SoftwareAuthenticator({ attestation: 'none' }))
  expect(decodeCanonical(none.attestationObject)).toMatchObject({ fmt: 'none', attStmt: {} })
})

test('C19 the PRF is HMAC over the prefixed and hashed salt, its own for each credential and salt', () => {
  const authenticator = new SoftwareAuthenticator()
  const one = enrol(authenticator)
  const two = enrol(authenticator)
  const output = touch(authenticator, one.credentialId).prfOutput
  expect(output?.length).toBe(32)
  expect(touch(authenticator, one.credentialId).prfOutput?.expose()).toEqual(output?.expose())
  expect(touch(authenticator, one.credentialId, new Uint8Array(32)).prfOutput?.expose()).not.toEqual(
    output?.expose(),
  )
  expect(touch(authenticator, two.credentialId).prfOutput?.expose()).not.toEqual(output?.expose())

  const state = decodeCanonical(authenticator.serialize()) as {
    credentials: { credRandomWithUV: Uint8Array }[]
  }
  const message = createHash('sha256').update('WebAuthn PRF\0').update(salt).digest()
  const expected = createHmac('sha256', state.credentials[0]?.credRandomWithUV ?? '')
    .update(message)
    .digest()
  expect(Buffer.from(output?.expose() ?? []).equals(expected)).toBe(true)
})

test('C19 a salt for each credential goes to the one that answers', () => {
  const authenticator = new SoftwareAuthenticator()
  const one = enrol(authenticator)
  const other = enrol(new SoftwareAuthenticator())
  const got = authenticator.get({
    ...at,
    allowCredentials: [other.credentialId, one.credentialId],
    prfSalts: [
      { credentialId: other.credentialId, salt: new Uint8Array(32) },
      { credentialId: one.credentialId, salt },
    ],
  })
  if ('code' in got) throw new Error(got.code)
  expect(got.assertion.credentialId).toEqual(one.credentialId)
  expect(got.prfOutput?.expose()).toEqual(touch(authenticator, one.credentialId).prfOutput?.expose())
})

test('C19 PRF comes at create only where the key does that, and never where it has none', () => {
  const usual = enrol(new SoftwareAuthenticator(), salt)
  expect([usual.prfEnabled, usual.prfOutput]).toEqual([true, undefined])
  const early = new SoftwareAuthenticator({ prfAtCreate: true })
  const created = enrol(early, salt)
  expect(created.prfOutput?.expose()).toEqual(touch(early, created.credentialId).prfOutput?.expose())
  const without = new SoftwareAuthenticator({ supportsPrf: false, prfAtCreate: true })
  const plain = enrol(without, salt)
  expect([plain.prfEnabled, plain.prfOutput]).toEqual([false, undefined])
  expect(touch(without, plain.credentialId).prfOutput).toBeUndefined()
})

test('C19 restored it is the same key: same PRF, same credentials, counter going on', () => {
  const authenticator = new SoftwareAuthenticator({ backupEligible: true })
  const { credentialId, publicKey } = enrol(authenticator)
  const before = touch(authenticator, credentialId)
  const restored = SoftwareAuthenticator.restore(authenticator.serialize())
  const after = touch(restored, credentialId)
  expect(restored.options).toEqual(authenticator.options)
  expect(after.prfOutput?.expose()).toEqual(before.prfOutput?.expose())
  const verdict = verifyAssertion({ assertion: after.assertion, publicKey, ...expectation })
  expect(verdict).toMatchObject({ ok: true, signCount: 3, backupEligible: true })
})

test('C19 cancelling, a wrong key, another relying party and an excluded credential are named', () => {
  const authenticator = new SoftwareAuthenticator()
  const { credentialId } = enrol(authenticator)
  authenticator.cancelNext()
  expect(authenticator.get({ ...at, allowCredentials: [credentialId] })).toEqual({
    code: 'authenticator.cancelled',
  })
  expect(authenticator.get({ ...at, allowCredentials: [credentialId] })).not.toHaveProperty('code')
  authenticator.cancelNext()
  expect(authenticator.create({ ...at, userId: salt })).toEqual({ code: 'authenticator.cancelled' })
  const refused = { code: 'authenticator.no_credential' }
  expect(new SoftwareAuthenticator().get({ ...at, allowCredentials: [credentialId] })).toEqual(refused)
  expect(authenticator.get({ ...at, allowCredentials: [] })).toEqual(refused)
  expect(authenticator.get({ ...at, rpId: 'localhost', allowCredentials: [credentialId] })).toEqual(refused)
  expect(authenticator.create({ ...at, userId: salt, excludeCredentials: [credentialId] })).toEqual({
    code: 'authenticator.excluded',
  })
})

test('C19 without user verification it answers genuinely, and is refused, with another PRF', () => {
  const verified = new SoftwareAuthenticator()
  const { credentialId, publicKey } = enrol(verified)
  const state = Buffer.from(verified.serialize())
  const flag = Buffer.from('userVerified')
  // The CBOR `true` (0xf5) after the name becomes `false`: the same key, touched without PIN or fingerprint.
  state[state.indexOf(flag) + flag.length] = 0xf4
  const got = touch(SoftwareAuthenticator.restore(state), credentialId)
  const verdict = verifyAssertion({ assertion: got.assertion, publicKey, ...expectation })
  expect(verdict).toEqual({ ok: false, code: 'assertion.user_verified' })
  expect(got.prfOutput?.expose()).not.toEqual(touch(verified, credentialId).prfOutput?.expose())
})

test('C19 what is not a serialized key is refused', () => {
  const good = new SoftwareAuthenticator()
  enrol(good)
  const bytes = good.serialize()
  for (const wrong of [new Uint8Array(0), bytes.subarray(1), bytes.subarray(0, -1), Uint8Array.of(0xa0)]) {
    expect(() => SoftwareAuthenticator.restore(wrong)).toThrow(CryptoError)
  }
})
