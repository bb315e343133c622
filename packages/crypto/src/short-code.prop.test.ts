import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CryptoError } from './crypto-error.ts'
import { commitTo, shortCode } from './short-code.ts'

test('C15 a short code is six digits of the transcript', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (transcript) => {
      expect(shortCode(transcript)).toMatch(/^[0-9]{6}$/)
      expect(shortCode(transcript)).toBe(shortCode(Uint8Array.from(transcript)))
    }),
  )
})

test('C15 codes spread evenly over the first digit', () => {
  const counts = new Array<number>(10).fill(0)
  const total = 20_000
  for (let i = 0; i < total; i++) {
    const first = Number(shortCode(Uint8Array.of(i >> 8, i & 255))[0])
    counts[first] = (counts[first] ?? 0) + 1
  }
  const chiSquared = counts.reduce((sum, count) => sum + (count - total / 10) ** 2 / (total / 10), 0)
  // 9 degrees of freedom: 27.9 is passed by chance once in a thousand; the input is fixed, so never by chance here.
  expect(chiSquared).toBeLessThan(27.9)
})

test('C15 P12 a commitment opens to its part and nonce only', () => {
  const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(fc.uint8Array(), fc.uint8Array(), bytes32, bytes32, (part, other, nonce, otherNonce) => {
      const commitment = commitTo(part, nonce)
      expect(commitTo(part, nonce)).toEqual(commitment)
      if (Buffer.compare(part, other) !== 0) expect(commitTo(other, nonce)).not.toEqual(commitment)
      if (Buffer.compare(nonce, otherNonce) !== 0) expect(commitTo(part, otherNonce)).not.toEqual(commitment)
    }),
  )
  expect(() => commitTo(new Uint8Array(1), new Uint8Array(31))).toThrow(CryptoError)
})
