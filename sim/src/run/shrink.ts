import type { Violation } from '../invariants/violation.ts'
import type { SeedResult } from './run-seed.ts'

export interface Shrunk {
  /** Numbers of the planned events that are needed. */
  readonly keep: readonly number[]
  readonly violation: Violation
  readonly runs: number
}

/**
 * Takes events out of a failing run as long as the same invariant still breaks: big pieces first, then single ones.
 *
 * @param run runs the seed with only these events
 */
export const shrink = async (
  failed: SeedResult,
  run: (keep: readonly number[]) => Promise<SeedResult>,
): Promise<Shrunk> => {
  if (failed.violation === null) throw new Error('only a failing run can be made smaller')
  let violation = failed.violation
  let keep = Array.from({ length: failed.planned }, (_, number) => number)
  let runs = 0
  for (let size = Math.ceil(keep.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < keep.length; ) {
      const without = [...keep.slice(0, at), ...keep.slice(at + size)]
      const result = await run(without)
      runs += 1
      if (result.violation?.invariant === violation.invariant) {
        violation = result.violation
        keep = without
      } else {
        at += size
      }
    }
  }
  return { keep, violation, runs }
}
