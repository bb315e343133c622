import { readFileSync } from 'node:fs'
import { fromHex, toHex } from '@countersign/schema/hex'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Context, open } from './aead.ts'
import { parseToken } from './app-token.ts'
import { verifyAssertion } from './assertion.ts'
import { encodeContext } from './context.ts'
import {
  deviceKem,
  deviceSign,
  hkdf,
  memberKeys,
  prfWrapKey,
  recoveryLocatorKey,
  recoveryWrapKey,
  storeKey,
} from './derive.ts'
import { hashOf, sha256 } from './hash.ts'
import { inviteKeys } from './invite-key.ts'
import { kemKeypair, openSealed } from './kem.ts'
import { padmeLength } from './padme.ts'
import { cryptoReady } from './ready.ts'
import { formatRecoveryCode, parseRecoveryCode } from './recovery-code.ts'
import { unwrapRoot } from './root-wrap.ts'
import { Secret } from './secret.ts'
import { commitTo, shortCode } from './short-code.ts'
import { sign, signKeypair } from './sign.ts'
import { sodium } from './sodium.ts'
import { verifySignature } from './verify-signature.ts'
import { type ChallengePurpose, webauthnChallenge } from './webauthn-challenge.ts'

type JsonFields = Record<string, string | number | { hex: string }>

const load = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))

const secret = (hex: string): Secret => Secret.take(fromHex(hex))

const fields = (json: JsonFields): Context =>
  Object.fromEntries(
    Object.entries(json).map(([name, value]) => [
      name,
      typeof value === 'object' ? fromHex(value.hex) : value,
    ]),
  )

beforeAll(cryptoReady)

describe('frozen vectors', () => {
  test('C6 contexts encode to the frozen bytes', () => {
    for (const { context, encoded } of load<{ context: JsonFields; encoded: string }[]>('context')) {
      expect(toHex(encodeContext(fields(context)))).toBe(encoded)
    }
  })

  test('C4 C5 C10 frozen blobs open, and are what the SPEC says when built from the bare primitives', () => {
    type Vector = { key: string; context: JsonFields; plaintext: string; blob: string }
    for (const vector of load<Vector[]>('aead')) {
      const key = fromHex(vector.key)
      const context = fields(vector.context)
      expect(toHex(open(Secret.take(key), context, fromHex(vector.blob)))).toBe(vector.plaintext)

      const nonce = fromHex(vector.blob.slice(2, 50))
      const subKey = (label: string): Uint8Array =>
        sodium.crypto_generichash(32, Buffer.concat([Buffer.from(`${label}\0`), nonce]), key)
      const plaintext = fromHex(vector.plaintext)
      const length = Buffer.alloc(4)
      length.writeUInt32BE(plaintext.length)
      const padded = Buffer.alloc(padmeLength(Math.max(64, 4 + plaintext.length)))
      padded.set(length, 0)
      padded.set(plaintext, 4)
      const ciphertext = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        padded,
        encodeContext(context),
        null,
        nonce,
        subKey('countersign/v1/aead/encrypt'),
      )
      const rebuilt = Buffer.concat([
        Uint8Array.of(1),
        nonce,
        subKey('countersign/v1/aead/commit'),
        ciphertext,
      ])
      expect(toHex(rebuilt)).toBe(vector.blob)
    }
  })

  test('C11 frozen sealed messages open', () => {
    type Vector = {
      seed: string
      publicKeySha256: string
      context: JsonFields
      plaintext: string
      blob: string
    }
    for (const vector of load<Vector[]>('kem')) {
      const keypair = kemKeypair(secret(vector.seed))
      expect(toHex(sha256(keypair.publicKey))).toBe(vector.publicKeySha256)
      expect(toHex(openSealed(keypair, fields(vector.context), fromHex(vector.blob)))).toBe(vector.plaintext)
    }
  })

  test('C9 frozen signatures are made and verified', () => {
    type Vector = { seed: string; publicKey: string; purpose: string; bytes: string; signature: string }
    for (const vector of load<Vector[]>('sign')) {
      const { publicKey, secretKey } = signKeypair(secret(vector.seed))
      const bytes = fromHex(vector.bytes)
      expect(toHex(publicKey)).toBe(vector.publicKey)
      expect(toHex(sign(secretKey, vector.purpose, bytes))).toBe(vector.signature)
      expect(verifySignature(publicKey, vector.purpose, bytes, fromHex(vector.signature))).toBe(true)
    }
  })

  test('C2 hashes', () => {
    for (const vector of load<{ purpose: string; bytes: string; hash: string }[]>('hash')) {
      expect(toHex(hashOf(vector.purpose, fromHex(vector.bytes)))).toBe(vector.hash)
    }
  })

  test('C8 C14 every derived key', () => {
    const vector = load<Record<string, string>>('derive')
    const given = (name: string): Secret => secret(vector[name] ?? '')
    const salt = fromHex(vector.salt ?? '')
    const member = memberKeys(given('root'))
    const invite = inviteKeys(given('inviteSecret'))
    const derived = {
      hkdf: hkdf(given('root'), salt, 'vector/example', 48).expose(),
      memberSign: member.sign.publicKey,
      memberKemSha256: sha256(member.kem.publicKey),
      storeKey: storeKey(given('root')).expose(),
      deviceKemSha256: sha256(deviceKem(given('root'), given('deviceSecret')).publicKey),
      deviceSign: deviceSign(given('deviceSecret')).publicKey,
      prfWrapKey: prfWrapKey(given('prfOutput'), salt).expose(),
      recoveryWrapKey: recoveryWrapKey(given('recoveryCode')).expose(),
      recoveryLocator: recoveryLocatorKey(given('recoveryCode')).publicKey,
      inviteSign: invite.sign.publicKey,
      inviteSeal: invite.seal.expose(),
    }
    for (const [name, bytes] of Object.entries(derived))
      expect([name, toHex(bytes)]).toEqual([name, vector[name]])
  })

  test('C12 P11 frozen root wraps open to root, genesis hash and head', () => {
    type Vector = Record<
      'kek' | 'team' | 'member' | 'credential' | 'root' | 'genesisHash' | 'blob',
      string
    > & {
      head: { seq: number; hash: string }
    }
    for (const vector of load<Vector[]>('root-wrap')) {
      const opened = unwrapRoot({
        kek: secret(vector.kek),
        team: fromHex(vector.team),
        member: fromHex(vector.member),
        credential: fromHex(vector.credential),
        blob: fromHex(vector.blob),
      })
      expect(toHex(opened.root.expose())).toBe(vector.root)
      expect(toHex(opened.genesisHash)).toBe(vector.genesisHash)
      expect({ seq: opened.head.seq, hash: toHex(opened.head.hash) }).toEqual(vector.head)
    }
  })

  test('C13 recovery codes print and parse', () => {
    for (const vector of load<{ code: string; text: string }[]>('recovery-code')) {
      expect(formatRecoveryCode(secret(vector.code))).toBe(vector.text)
      const parsed = parseRecoveryCode(vector.text)
      expect(parsed instanceof Secret && toHex(parsed.expose())).toBe(vector.code)
    }
  })

  test('C15 P12 commitments and short codes', () => {
    type Vector = Record<'part' | 'nonce' | 'commitment', string> & {
      codes: { transcript: string; code: string }[]
    }
    const vector = load<Vector>('short-code')
    expect(toHex(commitTo(fromHex(vector.part), fromHex(vector.nonce)))).toBe(vector.commitment)
    for (const { transcript, code } of vector.codes) expect(shortCode(fromHex(transcript))).toBe(code)
  })

  test('C16 P9 challenges', () => {
    type Vector = { purpose: ChallengePurpose; fields: JsonFields; challenge: string }
    for (const vector of load<Vector[]>('webauthn-challenge')) {
      expect(toHex(webauthnChallenge(vector.purpose, fields(vector.fields)))).toBe(vector.challenge)
    }
  })

  test('C17 tokens', () => {
    for (const { token, hash } of load<{ token: string; hash: string }[]>('token')) {
      const parsed = parseToken(token)
      expect(parsed && toHex(parsed.hash)).toBe(hash)
      expect(parsed?.kind).toBe(token.startsWith('cs_app_') ? 'app' : 'claim')
    }
  })

  test('C18 assertions of both algorithms', () => {
    for (const vector of load<Record<string, string>[]>('assertion')) {
      const bytes = (name: string): Uint8Array => fromHex(vector[name] ?? '')
      const verdict = verifyAssertion({
        assertion: {
          credentialId: new Uint8Array(32),
          authenticatorData: bytes('authenticatorData'),
          clientDataJSON: bytes('clientDataJSON'),
          signature: bytes('signature'),
        },
        publicKey: bytes('publicKey'),
        challenge: bytes('challenge'),
        rpId: vector.rpId ?? '',
        origins: [vector.origin ?? ''],
      })
      expect(verdict).toEqual({
        ok: true,
        signCount: 2,
        userVerified: true,
        backupEligible: false,
        backupState: false,
      })
    }
  })

  test('C10 Padmé lengths', () => {
    for (const { length, padded } of load<{ length: number; padded: number }[]>('padme')) {
      expect(padmeLength(length)).toBe(padded)
    }
  })
})
