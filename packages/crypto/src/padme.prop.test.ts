import fc from 'fast-check'
import { expect, test } from 'vitest'
import { padmeLength } from './padme.ts'

test('C10 padding never shortens, adds at most 12 %, keeps order, and is stable', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 25 }), (length) => {
      const padded = padmeLength(length)
      expect(padded).toBeGreaterThanOrEqual(length)
      expect(padded - length).toBeLessThanOrEqual(length * 0.12)
      expect(padmeLength(length + 1)).toBeGreaterThanOrEqual(padded)
      expect(padmeLength(padded)).toBe(padded)
    }),
    { numRuns: 1000 },
  )
})

test('C10 few sizes remain: at most 16 to each doubling up to 64 KiB', () => {
  for (let power = 6; power < 16; power++) {
    const sizes = new Set<number>()
    for (let length = 2 ** power; length < 2 ** (power + 1); length++) sizes.add(padmeLength(length))
    expect(sizes.size).toBeLessThanOrEqual(17)
  }
})
