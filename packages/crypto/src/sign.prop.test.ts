import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { CryptoError } from './crypto-error.ts'
import { cryptoReady } from './ready.ts'
import { Secret } from './secret.ts'
import { sign, signKeypair } from './sign.ts'
import { verifySignature } from './verify-signature.ts'

beforeAll(cryptoReady)

test('C9 a signature verifies for its key, purpose and bytes, and for no other', () => {
  const { publicKey, secretKey } = signKeypair(Secret.random())
  const other = signKeypair(Secret.random())
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), (bytes, at) => {
      const signature = sign(secretKey, 'ledger/entry', bytes)
      expect(verifySignature(publicKey, 'ledger/entry', bytes, signature)).toBe(true)
      expect(verifySignature(other.publicKey, 'ledger/entry', bytes, signature)).toBe(false)
      expect(verifySignature(publicKey, 'audit/entry', bytes, signature)).toBe(false)
      expect(verifySignature(publicKey, 'ledger/entry', Uint8Array.of(...bytes, 0), signature)).toBe(false)
      const flipped = Uint8Array.from(signature)
      flipped[at % 64] = (flipped[at % 64] ?? 0) ^ (1 << (at % 8))
      expect(verifySignature(publicKey, 'ledger/entry', bytes, flipped)).toBe(false)
    }),
  )
})

test('C2 a purpose cannot be moved into the bytes, and bytes not into the purpose', () => {
  const { publicKey, secretKey } = signKeypair(Secret.random())
  const signature = sign(secretKey, 'a', new TextEncoder().encode('/b\0c'))
  expect(verifySignature(publicKey, 'a/b', new TextEncoder().encode('c'), signature)).toBe(false)
  for (const purpose of ['', 'a\0b', 'A', 'a b', '/a', 'ä']) {
    expect(() => sign(secretKey, purpose, new Uint8Array(1))).toThrow(CryptoError)
  }
})

test('C9 keys of small order, wrong lengths and malleated signatures are false, never an error', () => {
  const bytes = Uint8Array.of(1)
  const { publicKey, secretKey } = signKeypair(Secret.random())
  const signature = sign(secretKey, 'p', bytes)
  expect(verifySignature(new Uint8Array(32), 'p', bytes, new Uint8Array(64))).toBe(false)
  const identity = Uint8Array.of(1, ...new Uint8Array(31))
  expect(verifySignature(identity, 'p', bytes, Uint8Array.of(...identity, ...new Uint8Array(32)))).toBe(false)
  expect(verifySignature(publicKey.subarray(1), 'p', bytes, signature)).toBe(false)
  expect(verifySignature(publicKey, 'p', bytes, signature.subarray(1))).toBe(false)
  expect(verifySignature(publicKey, 'p', bytes, new Uint8Array(0))).toBe(false)
  // s + ℓ, the other number that satisfies the equation.
  const order = (1n << 252n) + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString('hex')}`) + order
  const malleated = Uint8Array.from(signature)
  malleated.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(), 32)
  expect(verifySignature(publicKey, 'p', bytes, malleated)).toBe(false)
})

test('C9 a key of the wrong length signs nothing', () => {
  expect(() => sign(Secret.random(32), 'p', new Uint8Array(1))).toThrow(CryptoError)
  expect(() => signKeypair(Secret.random(31))).toThrow(CryptoError)
})
