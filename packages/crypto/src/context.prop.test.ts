import { encodeCanonical } from '@countersign/schema/canonical'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeContext } from './context.ts'

const names = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_]{0,22}$/)
const numbers = fc.oneof(
  fc.nat(),
  fc.maxSafeNat(),
  fc.constantFrom(0, 23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
)
const texts = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.constantFrom('', 'a'.repeat(23), 'a'.repeat(24), 'a'.repeat(256), 'ä'.repeat(12), 'ä'.repeat(128)),
)
const values = fc.oneof(texts, numbers, fc.uint8Array({ maxLength: 300 }))

test('C6 a context encodes to the very bytes of deterministic CBOR', () => {
  fc.assert(
    fc.property(fc.dictionary(names, values, { maxKeys: 12, noNullPrototype: true }), (members) => {
      const context = { ...members, type: 'test' }
      expect(Buffer.from(encodeContext(context)).equals(encodeCanonical(context))).toBe(true)
    }),
    { numRuns: 1000 },
  )
})

test('C6 the most names and the widest numbers still fit', () => {
  const wide: Record<string, string | number> = { type: 'test' }
  for (let i = 0; i < 22; i++) wide[`n${String(i).padStart(22, '0')}`] = Number.MAX_SAFE_INTEGER
  expect(Buffer.from(encodeContext(wide)).equals(encodeCanonical(wide))).toBe(true)
  expect(() => encodeContext({ ...wide, another: 1 })).toThrow('not the names of a context')
})
