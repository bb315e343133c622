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
    ['a map key that is bytes', 'a1416101'],
    ['a key that would be a prototype', 'a1695f5f70726f746f5f5fa0'],
    ['map keys in the order of their text, not of their encodings', 'a26261610161' + '6202'],
    ['a map that says it has more members than bytes are left', 'bb001fffffffffffff616101'],
    ['an array that says it has more items than bytes are left', '9affffffff0101'],
    ['bytes that say they are longer than what is left', '5affffffff01'],
    ['text that says it is longer than what is left', '7b001fffffffffffff61'],
    ['a length beyond 2^53', '5bffffffffffffffff'],
    ['a length on four bytes that fits in two', '5a0000000101'],
    ['an integer on eight bytes that fits in four', '1b00000000ffffffff'],
    ['a negative integer that is not safe', '3b001fffffffffffff'],
    ['a head of a reserved length', '1c'],
    ['a break', 'ff'],
    ['a simple value', 'e0'],
    ['a simple value on two bytes', 'f818'],
    ['text that is not UTF-8', '61ff'],
    ['text with half a pair', '63eda080'],
    ['text with an overlong form', '62c0af'],
    ['long text that is not UTF-8', `7846${'61'.repeat(69)}ff`],
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

  it('reads the edges of each length', () => {
    expect(decodeCanonical(fromHex('1b001fffffffffffff'))).toBe(Number.MAX_SAFE_INTEGER)
    expect(decodeCanonical(fromHex('3b001ffffffffffffe'))).toBe(Number.MIN_SAFE_INTEGER)
    for (const each of [0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32]) {
      expect(decodeCanonical(encodeCanonical(each))).toBe(each)
      expect(decodeCanonical(encodeCanonical(-1 - each))).toBe(-1 - each)
    }
    for (const length of [0, 7, 8, 23, 24, 63, 64, 65, 255, 256, 70_000]) {
      for (const text of ['a', 'é', '\u{1f511}'].map((each) => each.repeat(length))) {
        expect(decodeCanonical(encodeCanonical(text))).toBe(text)
      }
      const bytes = new Uint8Array(length).fill(7)
      expect(decodeCanonical(encodeCanonical(bytes))).toEqual(bytes)
    }
  })

  it('names that are objects’ own elsewhere are members like any other', () => {
    const value = decodeCanonical(encodeCanonical({ constructor: 1, toString: 2, hasOwnProperty: 3 }))
    expect(value).toEqual({ constructor: 1, toString: 2, hasOwnProperty: 3 })
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })

  it('a byte order mark is a character', () => {
    for (const text of ['\ufeff', '\ufeffa', `\ufeff${'a'.repeat(100)}`]) {
      expect(decodeCanonical(encodeCanonical({ [text]: text }))).toEqual({ [text]: text })
    }
  })

  it('bytes it returns are its own: they neither change with the input nor are a Buffer over it', () => {
    for (const input of [encodeCanonical([new Uint8Array([1, 2, 3])]), Buffer.from('8143010203', 'hex')]) {
      const [bytes] = decodeCanonical(input) as [Uint8Array]
      input.fill(0)
      expect(bytes).toEqual(new Uint8Array([1, 2, 3]))
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
      expect(bytes.buffer.byteLength).toBe(3)
    }
  })

  it('many different names do not get mixed up', () => {
    for (let i = 0; i < 5000; i++) {
      const name = `n${i.toString(36)}`
      expect(Object.keys(decodeCanonical(encodeCanonical({ [name]: i, é: 0 })) as object)).toEqual(
        name.length <= 2 ? [name, 'é'] : ['é', name],
      )
    }
  })

  it('refuses names that would not come back as they were', () => {
    for (const name of ['__proto__', '\ud800', 'a\udfff', `${'a'.repeat(80)}\ud800`]) {
      const named = Object.fromEntries([[name, 1]])
      expect(() => encodeCanonical(named)).toThrow(CanonicalError)
      expect(() => encodeCanonical({ a: [named] })).toThrow(CanonicalError)
    }
    expect(decodeCanonical(encodeCanonical('\ud800'))).toBe('\ufffd')
  })

  it('refuses what is no value', () => {
    for (const each of [undefined, 1n, Symbol('a'), () => 1, [undefined], { a: 1n }]) {
      expect(() => encodeCanonical(each as never)).toThrow(CanonicalError)
    }
    const circle: unknown[] = []
    circle.push(circle)
    expect(() => encodeCanonical(circle as never)).toThrow(CanonicalError)
  })

  it('a refusal leaves nothing behind that a later value could take in', () => {
    expect(() => encodeCanonical(['x'.repeat(5000), 1.5])).toThrow(CanonicalError)
    expect(toHex(encodeCanonical([1]))).toBe('8101')
    const inside = {
      get a() {
        return toHex(encodeCanonical({ b: 'c'.repeat(40) })).length
      },
    }
    expect(toHex(encodeCanonical(inside))).toBe('a16161185a')
  })

  it('what it returns is its own memory', () => {
    const first = encodeCanonical('a')
    encodeCanonical('b')
    expect(toHex(first)).toBe('6161')
    expect(first.buffer.byteLength).toBe(2)
  })

  it('writes the example of RFC 8949 §4.2.1 in its order', () => {
    const bytes = encodeCanonical({ b: 2, aa: 3, a: [1, new Uint8Array([255])] })
    expect(toHex(bytes)).toBe('a361618201' + '41ff' + '61620262616103')
  })
})
