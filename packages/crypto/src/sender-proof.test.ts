import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { proofKeySchema } from '@countersign/schema/sender'
import { describe, expect, test } from 'vitest'
import { checkProof, importProofKey, type ProofSubject, tokenHashForProof } from './sender-proof.ts'

// Proofs are made here by hand, with Node's own crypto: another implementation than the one that checks them.

const SUBJECT: ProofSubject = {
  method: 'GET',
  url: 'http://127.0.0.1:7117/v1/credentials',
  token: 'cs_app_made-up',
  nonces: ['nonce-now', 'nonce-before'],
}
const CLAIMS = {
  htm: 'GET',
  htu: SUBJECT.url,
  ath: tokenHashForProof(SUBJECT.token),
  jti: 'a-jti-of-its-own',
  iat: 1_700_000_000,
  nonce: 'nonce-now',
}
const PAIRS = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  EdDSA: generateKeyPairSync('ed25519'),
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const proofBy = (
  key: KeyObject,
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): string => {
  const alg = key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : 'ES256'
  const text = `${part({ typ: 'dpop+jwt', alg, ...header })}.${part(claims)}`
  const digest = alg === 'EdDSA' ? null : 'sha256'
  return `${text}.${sign(digest, Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
const keyOf = (pair: { publicKey: KeyObject }) =>
  importProofKey(proofKeySchema.parse(pair.publicKey.export({ format: 'jwk' })))

describe.each(['ES256', 'EdDSA'] as const)('C24 a proof under %s', (alg) => {
  const pair = PAIRS[alg]
  const check = async (proof: string, subject: Partial<ProofSubject> = {}) =>
    checkProof(proof, await keyOf(pair), { ...SUBJECT, ...subject })

  test('C24 is taken for the request it is about, under any nonce that counts', async () => {
    expect(await check(proofBy(pair.privateKey, CLAIMS))).toEqual({
      ok: true,
      nonce: 'nonce-now',
      jti: CLAIMS.jti,
    })
    const before = { ...CLAIMS, nonce: 'nonce-before' }
    expect(await check(proofBy(pair.privateKey, before))).toMatchObject({ ok: true })
    // Clocks are not compared.
    expect(await check(proofBy(pair.privateKey, { ...CLAIMS, iat: 1 }))).toMatchObject({ ok: true })
  })

  test.each([
    ['another method', { htm: 'POST' }],
    ['another path', { htu: `${SUBJECT.url}/x` }],
    ['another host', { htu: 'http://attacker.example/v1/credentials' }],
    ['another token', { ath: tokenHashForProof('cs_app_other') }],
    ['no token', { ath: undefined }],
  ])('C24 is refused for %s', async (_what, change) => {
    const proof = proofBy(pair.privateKey, { ...CLAIMS, ...change })
    expect(await check(proof)).toEqual({ ok: false, fault: 'subject' })
  })

  test.each([
    ['an old nonce', { nonce: 'nonce-of-yesterday' }],
    ['no nonce', { nonce: undefined }],
  ])('C24 is sent back for %s', async (_what, change) => {
    const proof = proofBy(pair.privateKey, { ...CLAIMS, ...change })
    expect(await check(proof)).toEqual({ ok: false, fault: 'nonce' })
  })

  test('C24 by another key is refused, also where it carries that key itself', async () => {
    const thief = generateKeyPairSync(
      ...(alg === 'ES256' ? (['ec', { namedCurve: 'P-256' }] as const) : (['ed25519'] as never)),
    )
    const jwk = thief.publicKey.export({ format: 'jwk' })
    const proof = proofBy(thief.privateKey, CLAIMS, { jwk })
    expect(await check(proof)).toEqual({ ok: false, fault: 'signature' })
  })

  test.each([
    ['no proof at all', () => 'x'],
    ['another typ', () => proofBy(pair.privateKey, CLAIMS, { typ: 'JWT' })],
    ['no signature', () => `${part({ typ: 'dpop+jwt', alg: 'none' })}.${part(CLAIMS)}.`],
    ['no jti', () => proofBy(pair.privateKey, { ...CLAIMS, jti: undefined })],
    ['a jti that is short', () => proofBy(pair.privateKey, { ...CLAIMS, jti: 'short' })],
    ['no iat', () => proofBy(pair.privateKey, { ...CLAIMS, iat: undefined })],
    ['more than 2048 characters', () => proofBy(pair.privateKey, { ...CLAIMS, more: 'x'.repeat(2048) })],
  ])('C24 is refused with %s', async (_what, proof) => {
    expect(await check(proof())).toEqual({ ok: false, fault: 'malformed' })
  })
})

test('C24 a key that is no point of its curve is refused when it is named', async () => {
  const jwk = createPublicKey(PAIRS.ES256.privateKey).export({ format: 'jwk' })
  const moved = proofKeySchema.parse({ ...jwk, y: jwk.x })
  await expect(importProofKey(moved)).rejects.toThrow()
})

test('C24 a private key is not taken for a public one', () => {
  for (const pair of Object.values(PAIRS))
    expect(proofKeySchema.safeParse(pair.privateKey.export({ format: 'jwk' })).success).toBe(false)
})
