import { describe, expect, it } from 'vitest'
import { memoryStore } from '../../test/memory-store.ts'
import { type Clock, openClock } from './clock.ts'

const HOUR = 3_600_000

/** A machine whose clock is set by hand, and in which time passes by hand. */
const machine = (wall: number) => {
  const at = { wall, monotonic: 500 }
  const clock: Clock = { wall: () => at.wall, monotonic: () => at.monotonic }
  const passes = (ms: number): void => {
    at.wall += ms
    at.monotonic += ms
  }
  return { at, clock, passes }
}

describe('P16 the clock of an installation', () => {
  it('P16 never moves back past the highest time seen, over a restart too', async () => {
    const store = memoryStore()
    const { at, clock } = machine(1_000_000)
    const first = await openClock(store, clock)
    expect(first.now()).toBe(1_000_000)
    at.wall = 2_000_000
    expect(first.now()).toBe(2_000_000)
    at.wall = 5
    expect(first.now()).toBe(2_000_000)
    await first.save()
    const again = await openClock(store, clock)
    expect(again.now()).toBe(2_000_000)
    at.wall = 2_000_001.7
    expect(again.now()).toBe(2_000_001)
  })

  it('P16 goes on when the time is set back: what was to end in an hour ends in an hour', async () => {
    const { at, clock, passes } = machine(10 * HOUR)
    const { now } = await openClock(memoryStore(), clock)
    const end = now() + HOUR
    for (let minute = 0; minute < 60; minute++) {
      passes(60_000)
      // As often as anybody likes.
      at.wall = 10 * HOUR
      expect(now()).toBe(10 * HOUR + (minute + 1) * 60_000)
    }
    expect(now()).toBe(end)
    passes(1)
    expect(now()).toBeGreaterThan(end)
  })

  it('P16 goes on from the highest time seen after a restart with the time set back', async () => {
    const store = memoryStore()
    const { at, clock, passes } = machine(10 * HOUR)
    const before = await openClock(store, clock)
    before.now()
    await before.save()
    at.wall = HOUR
    const { now } = await openClock(store, clock)
    passes(2 * HOUR)
    expect(now()).toBe(12 * HOUR)
  })

  it('P16 takes the later one where the machine slept: its time went on, what counts program time did not', async () => {
    const { at, clock, passes } = machine(10 * HOUR)
    const { now } = await openClock(memoryStore(), clock)
    passes(HOUR)
    at.wall += 8 * HOUR
    expect(now()).toBe(19 * HOUR)
    passes(HOUR)
    expect(now()).toBe(20 * HOUR)
  })

  it('P16 takes the time that is set forward, and does not give it back', async () => {
    const { at, clock, passes } = machine(10 * HOUR)
    const { now } = await openClock(memoryStore(), clock)
    at.wall = 15 * HOUR
    expect(now()).toBe(15 * HOUR)
    at.wall = 10 * HOUR
    passes(1_500)
    expect(now()).toBe(15 * HOUR + 1_500)
  })

  it('P16 a clock that says it went backwards does not count', async () => {
    const { at, clock } = machine(10 * HOUR)
    const { now } = await openClock(memoryStore(), clock)
    at.monotonic = 0
    expect(now()).toBe(10 * HOUR)
    at.monotonic = 250
    expect(now()).toBe(10 * HOUR + 250)
  })

  it('P16 writes whole milliseconds', async () => {
    const store = memoryStore()
    const { at, clock } = machine(10 * HOUR)
    const { now, save } = await openClock(store, clock)
    at.monotonic += 0.75
    at.wall = 0
    expect(now()).toBe(10 * HOUR)
    await save()
    expect((await openClock(store, clock)).now()).toBe(10 * HOUR)
  })
})
