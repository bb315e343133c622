import { describe, expect, it } from 'vitest'
import { decode, encode, mapOf, type Value } from './cbor.ts'
import { FormatError } from './format-error.ts'

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))
const hex = (value: Value): string => Buffer.from(encode(value)).toString('hex')

describe('the verifier’s CBOR', () => {
  it('V1 writes and reads the examples of RFC 8949, appendix A', () => {
    const examples: [string, Value][] = [
      ['00', 0],
      ['17', 23],
      ['1818', 24],
      ['1903e8', 1000],
      ['1a000f4240', 1_000_000],
      ['1b000000e8d4a51000', 1_000_000_000_000],
      ['20', -1],
      ['3863', -100],
      ['f4', false],
      ['f5', true],
      ['f6', null],
      ['40', new Uint8Array(0)],
      ['4401020304', bytes('01020304')],
      ['60', ''],
      ['62c3bc', 'ü'],
      ['83010203', [1, 2, 3]],
      ['a26161016162820203', mapOf({ a: 1, b: [2, 3] })],
    ]
    for (const [encoded, value] of examples) {
      expect(hex(value)).toBe(encoded)
      expect(decode(bytes(encoded))).toEqual(value)
    }
  })

  it('V1 orders keys by their encoding, the shorter first', () => {
    expect(hex(mapOf({ bb: 1, c: 2, a: 3 }))).toBe('a361610361630262626201')
  })

  it('V1 refuses every other way to write a value, and everything that exports do not have', () => {
    const refused = [
      '', // nothing
      '1817', // 23 in two bytes
      '190017',
      '1a00000017',
      '1b0000000000000017',
      '1bffffffffffffffff', // beyond whole numbers
      '5f4101ff', // indefinite
      '9f01ff',
      'bf616101ff',
      '6261', // cut off
      '61ff', // not UTF-8
      'a2616201616101', // keys out of order
      'a2616101616102', // a key twice
      'a10001', // a key that is a number
      'c000', // a tag
      'f7', // undefined
      'f93c00', // a float
      '0000', // something after the end
      `${'81'.repeat(30)}00`, // too deep
    ]
    for (const encoded of refused) expect(() => decode(bytes(encoded)), encoded).toThrow(FormatError)
  })
})
