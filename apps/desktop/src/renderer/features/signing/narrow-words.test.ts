import { describe, expect, it } from 'vitest'
import type { TermsView } from '../../../shared/views.ts'
import { narrowTerms } from './narrow-terms.ts'
import { narrowWords } from './narrow-words.ts'

const HOUR = 3_600_000
const id = (digit: string): string => digit.repeat(32)
const terms: TermsView = {
  vault: id('f'),
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

describe('a narrowing in words', () => {
  it.each([
    [{ items: [id('3')], durationMs: 8 * HOUR, broker: false }, 'only anthropic'],
    [{ items: [id('2'), id('3')], durationMs: HOUR, broker: false }, 'for 1 hour'],
    [{ items: [id('2')], durationMs: HOUR, broker: true }, 'only openai, for 1 hour, through the broker'],
  ])('%o is “%s”', (narrowing, words) => {
    const narrowed = narrowTerms(terms, narrowing)
    expect(narrowed).not.toBeNull()
    expect(narrowed && narrowWords(terms, narrowed)).toBe(words)
  })
})
