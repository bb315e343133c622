import { describe, expect, it } from 'vitest'
import { CanonicalError, decodeCanonical, encodeCanonical } from './canonical.ts'
import { fromHex, toHex } from './hex.ts'

describe('canonical bytes', () => {
  it.each([
    ['a length that is longer than needed', '1817'],
    ['map keys out of order', 'a2616201616101'],
    ['a map key twice', 'a2616101616102'],
    ['an array of unknown length', '9f01ff'],
    ['text of unknown length', '7f6161ff'],
    ['a float', 'fb3ff8000000000000'],
    ['a half float that is a whole number', 'f93c00'],
    ['undefined', 'f7'],
    ['a tag', 'c074323031332d30332d32315432303a30343a30305a'],
    ['an integer beyond 2^53', '1bffffffffffffffff'],
    ['bytes left over', '0101'],
    ['nothing', ''],
    ['a truncated map', 'a26161'],
    ['a map key that is no text', 'a10101'],
  ])('refuses %s', (_, hex) => {
    expect(() => decodeCanonical(fromHex(hex))).toThrow(CanonicalError)
  })

  it('refuses values that have no canonical encoding', () => {
    for (const each of [1.5, Number.NaN, 2 ** 60]) expect(() => encodeCanonical(each)).toThrow(CanonicalError)
    let deep: unknown[] = []
    for (let i = 0; i < 40; i++) deep = [deep]
    expect(() => encodeCanonical(deep as never)).toThrow(CanonicalError)
    expect(() => decodeCanonical(fromHex('81'.repeat(5000)))).toThrow(CanonicalError)
  })

  it('writes the example of RFC 8949 §4.2.1 in its order', () => {
    const bytes = encodeCanonical({ b: 2, aa: 3, a: [1, new Uint8Array([255])] })
    expect(toHex(bytes)).toBe('a361618201' + '41ff' + '61620262616103')
  })
})
