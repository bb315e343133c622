import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { CryptoError } from './crypto-error.ts'
import { kemKeypair, openSealed, sealTo } from './kem.ts'
import { cryptoReady } from './ready.ts'
import { Secret } from './secret.ts'

beforeAll(cryptoReady)

const context = { type: 'grant', team: 'a', member: 'b' }
const pair = () => kemKeypair(Secret.random())
const code = (attempt: () => unknown): string => {
  try {
    attempt()
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    throw error
  }
  return 'opened'
}

test('C11 the recipient opens what was sealed to it; nobody else, and not under another context', () => {
  const recipient = pair()
  const other = pair()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (plaintext) => {
      const blob = sealTo(recipient.publicKey, context, plaintext)
      expect(openSealed(recipient, context, blob)).toEqual(plaintext)
      expect(code(() => openSealed(other, context, blob))).toBe('open_failed')
      expect(code(() => openSealed(recipient, { ...context, member: 'c' }, blob))).toBe('open_failed')
    }),
  )
})

test('C11 any flipped bit, in the KEM ciphertext as in the rest, and any cut is refused', () => {
  const recipient = pair()
  const blob = sealTo(recipient.publicKey, context, Uint8Array.of(1, 2, 3))
  fc.assert(
    fc.property(fc.nat({ max: blob.length * 8 - 1 }), (bit) => {
      const flipped = Uint8Array.from(blob)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(code(() => openSealed(recipient, context, flipped))).toBe('open_failed')
      expect(code(() => openSealed(recipient, context, blob.subarray(0, bit >> 3)))).toBe('open_failed')
    }),
    { numRuns: 300 },
  )
})

test('C11 the public key is part of the key: halves of two pairs open nothing', () => {
  const [a, b] = [pair(), pair()]
  const blob = sealTo(a.publicKey, context, Uint8Array.of(1))
  const mixed = { publicKey: b.publicKey, secretKey: a.secretKey }
  expect(code(() => openSealed(mixed, context, blob))).toBe('open_failed')
})

test('C11 the KEM ciphertext of one message does not go with the rest of another', () => {
  const recipient = pair()
  const one = sealTo(recipient.publicKey, context, Uint8Array.of(1))
  const two = sealTo(recipient.publicKey, context, Uint8Array.of(1))
  const spliced = Uint8Array.of(...one.subarray(0, 1121), ...two.subarray(1121))
  expect(code(() => openSealed(recipient, context, spliced))).toBe('open_failed')
})

test('C11 what is no public key or key pair is named', () => {
  const plaintext = new Uint8Array(1)
  for (const key of [new Uint8Array(1215), new Uint8Array(1216), new Uint8Array(1216).fill(0xff)]) {
    expect(code(() => sealTo(key, context, plaintext))).toBe('bad_key')
  }
  expect(code(() => kemKeypair(Secret.random(31)))).toBe('bad_key')
  const { publicKey } = pair()
  const blob = sealTo(publicKey, context, plaintext)
  expect(code(() => openSealed({ publicKey, secretKey: Secret.random(33) }, context, blob))).toBe('bad_key')
})
