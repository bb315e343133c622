import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { spellingsOf } from './spellings.ts'

const SECRET = 'sk-proj-0f4b2c7a91d84e6fb3a5>?>?'
const found = (text: Buffer): string[] =>
  spellingsOf('value', SECRET)
    .filter(({ bytes }) => text.includes(bytes))
    .map(({ name }) => name)

describe('spellings of a secret', () => {
  it.each([0, 1, 2, 3, 4, 5])('T40 base64 is recognised with %i bytes before it', (before) => {
    for (const encoding of ['base64', 'base64url'] as const) {
      const text = Buffer.concat([randomBytes(before), Buffer.from(SECRET), randomBytes(7)]).toString(
        encoding,
      )
      expect(found(Buffer.from(text)).map((name) => name.split(', ')[1])).toEqual([
        'first half',
        'second half',
      ])
    }
  })

  it('T40 UTF-16, both cases of hex and the bytes are recognised, and one half alone', () => {
    expect(found(Buffer.from(`…${SECRET}`, 'utf16le'))).toEqual([
      'value, first half, UTF-16',
      'value, second half, UTF-16',
    ])
    const hex = Buffer.from(SECRET).toString('hex')
    expect(found(Buffer.from(hex))).toEqual(['value, first half, hex', 'value, second half, hex'])
    expect(found(Buffer.from(hex.toUpperCase()))).toContain('value, second half, HEX')
    expect(found(Buffer.from(SECRET.slice(10)))).toEqual(['value, second half, bytes'])
  })

  it('T40 nothing is recognised in what is not it, and a short secret is refused', () => {
    expect(found(randomBytes(1_000_000))).toEqual([])
    expect(() => spellingsOf('pin', '123456')).toThrow(RangeError)
  })
})
