import { timeSchema } from '@countersign/schema/bytes'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { LocalStore } from '../store/local-store.ts'

const KEY = 'replica/clock'
const SAVE_EVERY_MS = 30_000

/** What a machine has to tell the time by. */
export interface Clock {
  /** Milliseconds since 1970; whoever administers the machine may set it to anything. */
  wall(): number
  /** Milliseconds from any moment on, which only grow and which nobody can set; may stand still while the machine sleeps. */
  monotonic(): number
}

/** The machine's own clocks. On Linux the second does not count sleep; the first is right again after it. */
export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
}

/**
 * A clock that never moves back past the highest time seen, over restarts too, and that never stands still while the program runs (P16).
 * Milliseconds since 1970.
 */
export interface FlooredClock {
  now(): number
  /** Writes the highest time seen to the store. */
  save(): Promise<void>
}

/**
 * The later of two readings: the system's time, and the highest time seen with what has passed since. Everything that is signed to end, an
 * offline limit or a lease, ends by the one that is over first; setting the system's time back buys nothing.
 */
export const openClock = async (store: LocalStore, clock: Clock): Promise<FlooredClock> => {
  const saved = await store.get(KEY)
  let written = saved === undefined ? 0 : timeSchema.parse(decodeCanonical(saved))
  let floor = Math.max(written, clock.wall())
  let last = clock.monotonic()
  const save = async (): Promise<void> => {
    const value = Math.trunc(floor)
    if (value <= written) return
    await store.batch({ puts: [[KEY, encodeCanonical(value)]] }, { durable: false })
    written = value
  }
  return {
    now: () => {
      const monotonic = clock.monotonic()
      const passed = Math.max(0, monotonic - last)
      last = monotonic
      floor = Math.max(floor + passed, clock.wall())
      // A failed save is tried again by the next call; the floor in memory holds meanwhile.
      if (floor - written >= SAVE_EVERY_MS) save().catch(() => {})
      return Math.trunc(floor)
    },
    save,
  }
}
