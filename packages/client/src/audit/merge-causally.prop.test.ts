import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mergeCausally } from './merge-causally.ts'

/** A stream as devices write it: cited ledger positions never decrease, clocks do as they like. */
const stream = fc
  .array(fc.record({ step: fc.nat(3), time: fc.nat(1000) }), { maxLength: 30 })
  .map((steps) => {
    let ledgerSeq = 0
    return steps.map(({ step, time }, index) => {
      ledgerSeq += step
      return { ledgerSeq, time, index }
    })
  })

describe('causal merge', () => {
  it('P18 keeps every event once, each stream in its own order, and never puts an effect before the ledger entry it cites', () => {
    fc.assert(
      fc.property(fc.array(stream, { maxLength: 5 }), fc.nat(60), (streams, length) => {
        const ledger = Array.from({ length }, (_, ledgerSeq) => ({ ledgerSeq, time: 500, index: ledgerSeq }))
        const lists = [ledger, ...streams].map((list, source) => list.map((event) => ({ ...event, source })))
        const merged = mergeCausally(lists)
        expect(merged).toHaveLength(lists.reduce((sum, list) => sum + list.length, 0))
        for (const [source, list] of lists.entries()) {
          expect(merged.filter((event) => event.source === source)).toEqual(list)
        }
        for (let i = 1; i < merged.length; i++) {
          expect(merged[i]?.ledgerSeq).toBeGreaterThanOrEqual(merged[i - 1]?.ledgerSeq ?? 0)
          if (merged[i]?.source === 0)
            expect(merged[i - 1]?.ledgerSeq).toBeLessThan(merged[i]?.ledgerSeq ?? 0)
        }
      }),
    )
  })
})
