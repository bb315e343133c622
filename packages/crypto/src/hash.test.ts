import { toHex } from '@countersign/schema/hex'
import { expect, test } from 'vitest'
import { CryptoError } from './crypto-error.ts'
import { equalBytes, hashOf, sha256 } from './hash.ts'

test('C2 a hash in a domain is SHA-256 of label, zero byte and bytes', () => {
  const bytes = Uint8Array.of(1, 2)
  expect(toHex(hashOf('a/b', bytes))).toBe(toHex(sha256(Buffer.from('countersign/v1/a/b\0\u0001\u0002'))))
  expect(toHex(hashOf('a', bytes))).not.toBe(toHex(hashOf('b', bytes)))
  expect(hashOf('a', bytes)).not.toBeInstanceOf(Buffer)
})

test('C2 a purpose that could be read two ways is refused', () => {
  for (const purpose of ['', 'A', 'a b', 'a\0', '/a', 'a/', 'ä']) {
    expect(() => hashOf(purpose, new Uint8Array(1))).toThrow(CryptoError)
  }
})

test('C2 equality of bytes', () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false)
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0))).toBe(false)
  expect(equalBytes(new Uint8Array(0), new Uint8Array(0))).toBe(true)
})
