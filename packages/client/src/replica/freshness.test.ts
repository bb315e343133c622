import { describe, expect, it } from 'vitest'
import { freshness } from './freshness.ts'

const HOUR = 3_600_000
const NOW = 1_000 * HOUR
const base = {
  now: NOW,
  lastServerContact: NOW - HOUR,
  lastWitness: NOW - 2 * HOUR,
  policy: { maxOfflineMs: 10 * HOUR, maxUnwitnessedMs: 5 * HOUR },
  others: ['ada'],
}

describe('P17 freshness', () => {
  it('P17 is fresh until the first of the two clocks runs out', () => {
    expect(freshness(base)).toEqual({ state: 'fresh', until: NOW + 3 * HOUR })
    expect(freshness({ ...base, lastServerContact: NOW - 9 * HOUR })).toEqual({
      state: 'fresh',
      until: NOW + HOUR,
    })
  })

  it('P17 expires a millisecond after the limit, not at it', () => {
    expect(freshness({ ...base, lastWitness: NOW - 5 * HOUR }).state).toBe('fresh')
    expect(freshness({ ...base, lastWitness: NOW - 5 * HOUR - 1 }).state).toBe('expired')
    expect(freshness({ ...base, lastServerContact: NOW - 10 * HOUR }).state).toBe('fresh')
    expect(freshness({ ...base, lastServerContact: NOW - 10 * HOUR - 1 }).state).toBe('expired')
  })

  it('P17 says which clock ran out, since when, and who could refresh it', () => {
    expect(freshness({ ...base, lastWitness: NOW - 6 * HOUR })).toEqual({
      state: 'expired',
      code: 'freshness.expired',
      which: 'witness',
      since: NOW - HOUR,
      whoCouldRefresh: ['ada'],
    })
    expect(freshness({ ...base, lastServerContact: null })).toMatchObject({
      which: 'server',
      since: null,
      whoCouldRefresh: ['the sync server'],
    })
    expect(freshness({ ...base, lastWitness: null })).toMatchObject({ which: 'witness', since: null })
  })

  it('P17 exempts a one-person team from witnesses, never from the server', () => {
    const alone = { ...base, others: [], lastWitness: null }
    expect(freshness(alone)).toEqual({ state: 'fresh', until: NOW + 9 * HOUR })
    expect(freshness({ ...alone, lastServerContact: NOW - 11 * HOUR }).state).toBe('expired')
  })

  it('P16 a statement or contact from the future buys no time', () => {
    const fast = freshness({ ...base, lastWitness: NOW + 100 * HOUR, lastServerContact: NOW + 100 * HOUR })
    expect(fast).toEqual({ state: 'fresh', until: NOW + 5 * HOUR })
  })
})
