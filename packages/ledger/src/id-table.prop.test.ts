import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IdSet } from './id-set.ts'
import { IdTable } from './id-table.ts'

/** Few first digits, so that ids share beginnings of every length. */
const id = fc
  .array(fc.constantFrom('0', '1', 'f'), { minLength: 32, maxLength: 32 })
  .map((digits) => digits.join(''))
const ids = fc.uniqueArray(fc.oneof(id, fc.stringMatching(/^[0-9a-f]{32}$/)), { maxLength: 40 })

describe('L9 entry ids', () => {
  it('L9 a table has exactly the ids it was made of, in their order', () => {
    fc.assert(
      fc.property(ids, ids, (present, others) => {
        const table = IdTable.of(present)
        expect(Array.from({ length: table.size }, (_, row) => table.at(row))).toEqual([...present].sort())
        for (const each of present) expect(table.at(table.indexOf(each))).toBe(each)
        for (const each of others) expect(table.indexOf(each) >= 0).toBe(present.includes(each))
      }),
    )
  })

  it('L9 a set that was kept and goes on says the same as one that never was', () => {
    fc.assert(
      fc.property(ids, ids, ids, (kept, since, asked) => {
        const set = new IdSet(IdTable.of(kept))
        const plain = new Set(kept)
        for (const each of since) {
          set.add(each)
          plain.add(each)
        }
        for (const each of [...asked, ...since, ...kept]) expect(set.has(each)).toBe(plain.has(each))
        expect(set.size).toBe(plain.size)
        expect(set.table().bytes).toEqual(IdTable.of(plain).bytes)
        for (const each of [...asked, ...plain]) expect(set.has(each)).toBe(plain.has(each))
      }),
    )
  })

  it('L73 a table whose ids are out of order, twice there or cut off is refused', () => {
    const { bytes } = IdTable.of(['0'.repeat(32), 'f'.repeat(32)])
    const swapped = new Uint8Array([...bytes.subarray(16), ...bytes.subarray(0, 16)])
    const twice = new Uint8Array([...bytes, ...bytes.subarray(16)])
    for (const bad of [swapped, twice, bytes.subarray(0, 31)])
      expect(() => new IdTable(bad)).toThrow(RangeError)
  })
})
