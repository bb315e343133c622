import { describe, expect, it } from 'vitest'
import { perDay } from './per-day.ts'

const DAY = 86_400_000

describe('events per day', () => {
  it('counts the days that end with today and leaves out what is older or ahead', () => {
    const now = 100 * DAY + 5000
    const times = [now, now - 6000, now - DAY, now - 2 * DAY, now - 90 * DAY, now + DAY]
    expect(perDay(times, now, 3)).toEqual([1, 2, 1])
  })
})
