import { timeSchema } from '@countersign/schema/bytes'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { LocalStore } from '../store/local-store.ts'

const KEY = 'replica/clock'
const SAVE_EVERY_MS = 30_000

/** A clock that never moves back past the highest time seen, over restarts too (P16). Milliseconds since 1970. */
export interface FlooredClock {
  now(): number
  /** Writes the highest time seen to the store. */
  save(): Promise<void>
}

export const openClock = async (store: LocalStore, clock: () => number): Promise<FlooredClock> => {
  const saved = await store.get(KEY)
  let floor = saved === undefined ? 0 : timeSchema.parse(decodeCanonical(saved))
  let written = floor
  const save = async (): Promise<void> => {
    if (floor <= written) return
    const value = floor
    await store.batch({ puts: [[KEY, encodeCanonical(value)]] }, { durable: false })
    written = value
  }
  return {
    now: () => {
      floor = Math.max(floor, Math.trunc(clock()))
      // A failed save is tried again by the next call; the floor in memory holds meanwhile.
      if (floor - written >= SAVE_EVERY_MS) save().catch(() => {})
      return floor
    },
    save,
  }
}
