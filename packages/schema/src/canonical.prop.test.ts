import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CanonicalError, type CborValue, decodeCanonical, encodeCanonical } from './canonical.ts'

const leaf = fc.oneof(
  fc.string(),
  fc.maxSafeInteger(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }),
)
const value = fc.letrec<{ any: CborValue }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf as fc.Arbitrary<CborValue>,
    fc.array(tie('any'), { maxLength: 5 }),
    fc.dictionary(fc.string({ maxLength: 8 }), tie('any'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).any

describe('canonical bytes', () => {
  it('one value has one encoding, and it comes back the same', () => {
    fc.assert(
      fc.property(value, (each) => {
        const bytes = encodeCanonical(each)
        const back = decodeCanonical(bytes) as CborValue
        expect(encodeCanonical(back)).toEqual(bytes)
      }),
    )
  })

  it('the order in which members were set does not matter', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ maxLength: 8 }), fc.integer(), { noNullPrototype: true }),
        (each) => {
          const reversed = Object.fromEntries(Object.entries(each).reverse())
          expect(encodeCanonical(reversed)).toEqual(encodeCanonical(each))
        },
      ),
    )
  })

  it('any bytes are either the canonical encoding of what they decode to, or refused with one error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          expect(encodeCanonical(decodeCanonical(bytes) as CborValue)).toEqual(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(CanonicalError)
        }
      }),
      { numRuns: 5000 },
    )
  })
})
