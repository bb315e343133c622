import { describe, expect, it } from 'vitest'
import type { TermsView } from '../../../shared/views.ts'
import { asAsked, narrowTerms } from './narrow-terms.ts'

const HOUR = 3_600_000
const id = (digit: string): string => digit.repeat(32)
const vault = id('f')
const terms: TermsView = {
  vault,
  vaultName: 'llm',
  environmentName: 'production',
  environment: id('1'),
  items: [
    { item: id('2'), name: 'openai', provider: 'openai' },
    { item: id('3'), name: 'anthropic', provider: 'anthropic' },
  ],
  models: [],
  mode: 'reveal',
  lease: { durationMs: 8 * HOUR, uses: null, untilLock: false, untilProcessEnds: false },
}

describe('narrowing', () => {
  it('as asked is no narrowing', () => {
    expect(narrowTerms(terms, asAsked(terms))).toBeNull()
  })

  it('takes fewer items, a shorter lease and the broker', () => {
    expect(narrowTerms(terms, { items: [id('3')], durationMs: HOUR, broker: true })).toEqual({
      vault,
      environment: id('1'),
      items: [id('3')],
      models: [],
      mode: 'broker',
      lease: { durationMs: HOUR, uses: null, untilLock: false, untilProcessEnds: false },
    })
  })

  it('never widens: not the lease, not the items, not the mode', () => {
    const wide = { items: [id('2'), id('3'), id('9')], durationMs: 99 * HOUR, broker: false }
    expect(narrowTerms(terms, wide)).toBeNull()
    const broker: TermsView = { ...terms, mode: 'broker' }
    expect(narrowTerms(broker, { ...wide, durationMs: HOUR })?.mode).toBe('broker')
  })
})
