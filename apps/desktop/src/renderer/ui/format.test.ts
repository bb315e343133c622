import { describe, expect, it } from 'vitest'
import { ago, duration, left } from './format.ts'

describe('times in words', () => {
  it.each([
    [0, '0 seconds'],
    [1000, '1 second'],
    [59_400, '59 seconds'],
    [60_000, '1 minute'],
    [45 * 60_000, '45 minutes'],
    [3_600_000, '1 hour'],
    [47 * 3_600_000, '47 hours'],
    [30 * 86_400_000, '30 days'],
    [-5, '0 seconds'],
  ])('%i ms is %s', (ms, words) => {
    expect(duration(ms)).toBe(words)
  })

  it('a moment ago is just now, and what is past is expired', () => {
    expect(ago(1000, 3000)).toBe('just now')
    expect(ago(0, 120_000)).toBe('2 minutes ago')
    expect(left(10, 10)).toBe('expired')
    expect(left(3_600_010, 10)).toBe('1 hour left')
  })
})
