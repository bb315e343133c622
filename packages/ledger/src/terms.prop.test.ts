import { newId } from '@countersign/schema/ids'
import type { Terms } from '@countersign/schema/request'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intersectTerms, sameTerms, within } from './terms.ts'

const [vault, environment, a, b, c] = [newId(), newId(), newId(), newId(), newId()]

/** Few values of everything, so that terms often overlap. */
const terms: fc.Arbitrary<Terms> = fc.record({
  vault: fc.constant(vault),
  environment: fc.constant(environment),
  items: fc.shuffledSubarray([a, b, c], { minLength: 1 }),
  models: fc.shuffledSubarray(['small', 'large', 'huge']),
  mode: fc.constantFrom('reveal' as const, 'broker' as const),
  lease: fc.record({
    durationMs: fc.constantFrom(60_000, 120_000),
    uses: fc.constantFrom(null, 1, 2),
    untilLock: fc.boolean(),
    untilProcessEnds: fc.boolean(),
  }),
})

/** What terms allow, said one by one: a use of an item with a model, in a mode, so long, so often, locked or not. */
const allows = (one: Terms) => (use: Use) =>
  one.items.includes(use.item) &&
  (one.models.length === 0 || one.models.includes(use.model)) &&
  (one.mode === 'reveal' || use.mode === 'broker') &&
  use.after <= one.lease.durationMs &&
  (one.lease.uses === null || use.count <= one.lease.uses) &&
  !(one.lease.untilLock && use.locked) &&
  !(one.lease.untilProcessEnds && use.ended)

interface Use {
  readonly item: string
  readonly model: string
  readonly mode: 'reveal' | 'broker'
  readonly after: number
  readonly count: number
  readonly locked: boolean
  readonly ended: boolean
}
const flags = [false, true]
const USES: Use[] = [a, b, c].flatMap((item) =>
  ['small', 'large', 'huge', 'other'].flatMap((model) =>
    (['reveal', 'broker'] as const).flatMap((mode) =>
      [60_000, 120_000].flatMap((after) =>
        [1, 2, 3].flatMap((count) =>
          flags.flatMap((locked) =>
            flags.map((ended) => ({ item, model, mode, after, count, locked, ended })),
          ),
        ),
      ),
    ),
  ),
)

describe('terms', () => {
  it('L57 what two approvers agreed to allows exactly the uses that both of them allow', () => {
    fc.assert(
      fc.property(terms, terms, (one, other) => {
        const both = intersectTerms(one, other)
        const agreed = (use: Use): boolean => allows(one)(use) && allows(other)(use)
        if (both === undefined) expect(USES.filter(agreed)).toEqual([])
        else expect(USES.filter(allows(both))).toEqual(USES.filter(agreed))
      }),
    )
  })

  it('L56 narrower terms are those that allow no use more, and the same ones those that allow the same', () => {
    fc.assert(
      fc.property(terms, terms, (narrow, wide) => {
        const no = USES.filter((use) => allows(narrow)(use) && !allows(wide)(use))
        expect(within(narrow, wide)).toBe(no.length === 0)
        expect(within(narrow, wide) && within(wide, narrow)).toBe(sameTerms(narrow, wide))
        expect(within(narrow, narrow)).toBe(true)
        const both = intersectTerms(narrow, wide)
        if (both !== undefined) expect(within(both, narrow) && within(both, wide)).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  it('L56 other places and things that stand twice are never narrower', () => {
    fc.assert(
      fc.property(terms, (one) => {
        expect(within({ ...one, environment: newId() }, one)).toBe(false)
        expect(within({ ...one, vault: newId() }, one)).toBe(false)
        expect(within({ ...one, items: [...one.items, ...one.items] }, one)).toBe(false)
        if (one.models.length > 0)
          expect(within({ ...one, models: [...one.models, ...one.models] }, one)).toBe(false)
      }),
    )
  })
})
