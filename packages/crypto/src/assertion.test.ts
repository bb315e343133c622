import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Assertion, verifyAssertion } from './assertion.ts'
import { parseAttestedCredential, parseAuthenticatorData } from './authenticator-data.ts'
import { parseCoseKey } from './cose-key.ts'
import { cryptoReady } from './ready.ts'
import { RP_ID, RP_ORIGIN } from './rp.ts'
import { Secret } from './secret.ts'
import { signKeypair } from './sign.ts'
import { sodium } from './sodium.ts'
import { SoftwareAuthenticator } from './software-authenticator.ts'
import { coseKeyOf, newSoftwareCredential, signWith } from './software-credential.ts'

beforeAll(cryptoReady)

const challenge = new Uint8Array(32).fill(5)
const credential = newSoftwareCredential(RP_ID, new Uint8Array(16))
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const goodClientData = {
  type: 'webauthn.get',
  challenge: Buffer.from(challenge).toString('base64url'),
  origin: RP_ORIGIN,
  crossOrigin: false,
}

interface Parts {
  readonly clientDataJSON?: Uint8Array
  readonly rpId?: string
  readonly flags?: number
  readonly rest?: Uint8Array
}

const authenticatorData = ({ rpId = RP_ID, flags = 0x05, rest = new Uint8Array(0) }: Parts): Uint8Array =>
  Uint8Array.from(Buffer.concat([sha256(utf8(rpId)), Uint8Array.of(flags, 0, 0, 1, 44), rest]))

/** A genuine signature over whatever the parts say: what a hostile page or a faulty key would really produce. */
const signed = (parts: Parts): Assertion => {
  const data = authenticatorData(parts)
  const clientDataJSON = parts.clientDataJSON ?? utf8(JSON.stringify(goodClientData))
  const signature = signWith(credential, Buffer.concat([data, sha256(clientDataJSON)]))
  return { credentialId: credential.id, authenticatorData: data, clientDataJSON, signature }
}

const clientData = (changed: Record<string, unknown>): Assertion =>
  signed({ clientDataJSON: utf8(JSON.stringify({ ...goodClientData, ...changed })) })

const verdictOf = (assertion: Assertion, publicKey: Uint8Array = coseKeyOf(credential)): string => {
  const verdict = verifyAssertion({ assertion, publicKey, challenge, rpId: RP_ID, origins: [RP_ORIGIN] })
  return verdict.ok ? 'ok' : verdict.code
}

describe('accepted', () => {
  test('C18 a genuine assertion, its counter and backup flags reported', () => {
    const verdict = verifyAssertion({
      assertion: signed({ flags: 0x1d }),
      publicKey: coseKeyOf(credential),
      challenge,
      rpId: RP_ID,
      origins: ['https://another.invalid', RP_ORIGIN],
    })
    expect(verdict).toEqual({
      ok: true,
      signCount: 300,
      userVerified: true,
      backupEligible: true,
      backupState: true,
    })
  })

  test('C18 client data with other members, order and spacing, and without crossOrigin', () => {
    const { type, origin } = goodClientData
    const texts = [
      JSON.stringify({
        extra_keys: 'do not compare with a template',
        origin,
        type,
        challenge: goodClientData.challenge,
      }),
      JSON.stringify(goodClientData, null, 2),
    ]
    for (const text of texts) expect(verdictOf(signed({ clientDataJSON: utf8(text) }))).toBe('ok')
  })

  test('C18 authenticator data with extension outputs', () => {
    expect(verdictOf(signed({ flags: 0x85, rest: Uint8Array.of(0xa0) }))).toBe('ok')
  })

  test('C18 an EdDSA credential', () => {
    const { publicKey, secretKey } = signKeypair(Secret.random())
    const assertion = signed({})
    const message = Buffer.concat([assertion.authenticatorData, sha256(assertion.clientDataJSON)])
    const signature = sodium.crypto_sign_detached(message, secretKey.expose())
    const cose = Uint8Array.of(0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32, ...publicKey)
    expect(verdictOf({ ...assertion, signature }, cose)).toBe('ok')
    expect(verdictOf(assertion, cose)).toBe('assertion.signature')
  })
})

describe('refused', () => {
  test('C18 another type of ceremony', () => {
    for (const type of ['webauthn.create', 'payment.get', 'WEBAUTHN.GET', 1, null]) {
      expect(verdictOf(clientData({ type }))).toBe('assertion.type')
    }
  })

  test('C18 P9 another challenge, or the same in another text', () => {
    const other = Buffer.alloc(32, 6).toString('base64url')
    const texts = [
      other,
      '',
      goodClientData.challenge.slice(1),
      `${goodClientData.challenge}=`,
      challenge.join(),
    ]
    for (const text of texts) expect(verdictOf(clientData({ challenge: text }))).toBe('assertion.challenge')
  })

  test('C18 another origin', () => {
    const origins = [
      'https://countersign.invalid',
      'http://unlock.countersign.invalid',
      `${RP_ORIGIN}:443`,
      `${RP_ORIGIN}/`,
    ]
    for (const origin of origins) expect(verdictOf(clientData({ origin }))).toBe('assertion.origin')
  })

  test('C18 a framed ceremony', () => {
    for (const changed of [
      { crossOrigin: true },
      { crossOrigin: 'false' },
      { topOrigin: 'https://evil.example' },
    ]) {
      expect(verdictOf(clientData(changed))).toBe('assertion.cross_origin')
    }
  })

  test('C18 another relying party', () => {
    expect(verdictOf(signed({ rpId: 'countersign.invalid' }))).toBe('assertion.rp')
    expect(verdictOf(signed({ rpId: 'localhost' }))).toBe('assertion.rp')
  })

  test('C18 no touch, no user verification', () => {
    expect(verdictOf(signed({ flags: 0x04 }))).toBe('assertion.user_present')
    expect(verdictOf(signed({ flags: 0x01 }))).toBe('assertion.user_verified')
    expect(verdictOf(signed({ flags: 0x00 }))).toBe('assertion.user_present')
  })

  test('C18 another credential’s signature, and any change after signing', () => {
    const assertion = signed({})
    expect(verdictOf(assertion, coseKeyOf(newSoftwareCredential(RP_ID, new Uint8Array(16))))).toBe(
      'assertion.signature',
    )
    expect(verdictOf({ ...assertion, signature: new Uint8Array(0) })).toBe('assertion.signature')
    expect(verdictOf({ ...assertion, signature: new Uint8Array(64) })).toBe('assertion.signature')
    const counted = Uint8Array.from(assertion.authenticatorData)
    counted[36] = 45
    expect(verdictOf({ ...assertion, authenticatorData: counted })).toBe('assertion.signature')
    const spaced = utf8(`${JSON.stringify(goodClientData)} `)
    expect(verdictOf({ ...assertion, clientDataJSON: spaced })).toBe('assertion.signature')
  })

  test('C18 a key that is no point of the curve', () => {
    const cose = coseKeyOf(credential)
    cose[76] = (cose[76] ?? 0) ^ 1
    expect(verdictOf(signed({}), cose)).toBe('assertion.signature')
  })

  test('C18 algorithms other than ES256 and EdDSA', () => {
    const rsa = Uint8Array.of(0xa4, 1, 3, 3, 0x39, 0x01, 0x00, 0x20, 0x43, 1, 0, 1, 0x21, 0x41, 1)
    const es384 = coseKeyOf(credential)
    es384[6] = 2
    const es256k = Uint8Array.from(coseKeyOf(credential))
    es256k.set([0x27], 4)
    for (const key of [rsa, es384, es256k]) expect(verdictOf(signed({}), key)).toBe('assertion.algorithm')
  })

  test('C18 bytes that are no assertion', () => {
    const malformedClientData = [
      utf8(''),
      utf8('null'),
      utf8('[]'),
      utf8('{}'),
      utf8('{"type":"webauthn.get"'),
      Uint8Array.of(0xef, 0xbb, 0xbf, ...utf8(JSON.stringify(goodClientData))),
      Uint8Array.of(...utf8(JSON.stringify(goodClientData)), 0xff),
      utf8(JSON.stringify({ ...goodClientData, challenge: 1 })),
      utf8(JSON.stringify({ ...goodClientData, origin: [RP_ORIGIN] })),
    ]
    for (const clientDataJSON of malformedClientData) {
      expect(verdictOf(signed({ clientDataJSON }))).toBe('assertion.malformed')
    }
    const malformedData: Parts[] = [
      { flags: 0x05, rest: Uint8Array.of(0) },
      { flags: 0x85 },
      { flags: 0x85, rest: Uint8Array.of(0x41, 0) },
      { flags: 0x15 },
      { flags: 0x07 },
      { flags: 0x45 },
      { flags: 0x45, rest: Uint8Array.of(...new Uint8Array(16), 0, 1, 9, ...coseKeyOf(credential)) },
    ]
    for (const parts of malformedData) expect(verdictOf(signed(parts))).toBe('assertion.malformed')
    const short = { ...signed({}), authenticatorData: new Uint8Array(36) }
    expect(verdictOf(short)).toBe('assertion.malformed')
    expect(verdictOf(signed({}), Uint8Array.of(...coseKeyOf(credential), 0))).toBe('assertion.malformed')
    expect(verdictOf(signed({}), coseKeyOf(credential).subarray(0, 76))).toBe('assertion.malformed')
    expect(verdictOf(signed({}), new Uint8Array(0))).toBe('assertion.malformed')
  })

  test('C18 arbitrary bytes anywhere are a refusal, never an error', () => {
    const any = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(any, any, any, any, (a, b, c, d) => {
        const good = signed({})
        expect(verdictOf({ ...good, authenticatorData: a })).not.toBe('ok')
        expect(verdictOf({ ...good, clientDataJSON: b })).not.toBe('ok')
        expect(verdictOf({ ...good, signature: c })).not.toBe('ok')
        expect(verdictOf(good, d)).not.toBe('ok')
        parseAuthenticatorData(Uint8Array.of(...good.authenticatorData.subarray(0, 32), ...a))
        parseAttestedCredential(Uint8Array.of(...new Uint8Array(32), 0x45, 0, 0, 0, 0, ...a))
        parseCoseKey(Uint8Array.of(0xa5, ...b))
      }),
    )
  })
})

test('C18 the credential of a creation is read as the key wrote it', () => {
  const created = new SoftwareAuthenticator({ backupEligible: true }).create({
    rpId: RP_ID,
    origin: RP_ORIGIN,
    challenge,
    userId: new Uint8Array(16),
  })
  if ('code' in created) throw new Error(created.code)
  const attested = parseAttestedCredential(created.authenticatorData)
  expect(attested?.credentialId).toEqual(created.credentialId)
  expect(attested?.publicKey).toEqual(created.publicKey)
  expect(attested?.flags).toEqual({
    userPresent: true,
    userVerified: true,
    backupEligible: true,
    backupState: true,
  })
  expect(parseAttestedCredential(created.authenticatorData.subarray(0, 100))).toBeUndefined()
  expect(parseAttestedCredential(signed({}).authenticatorData)).toBeUndefined()
})
