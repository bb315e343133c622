import { describe, expect, test } from 'vitest'
import { MUTATIONS } from '../src/mutation/mutations.ts'
import { runJobs } from '../src/run/run-jobs.ts'
import type { SeedResult } from '../src/run/run-seed.ts'

/** Which invariant catches a product from which a check was taken out. */
const CAUGHT_BY: Readonly<Record<string, { readonly invariant: string; readonly seeds: readonly number[] }>> =
  {}

describe('the simulation bites', () => {
  test('every weakened product has its test', () => {
    expect(Object.keys(CAUGHT_BY)).toEqual(Object.keys(MUTATIONS))
  })

  test.each(Object.entries(CAUGHT_BY))('without %s an invariant breaks', async (mutation, expected) => {
    const found: SeedResult[] = []
    const jobs = expected.seeds.map((seed) => ({ seed }))
    await runJobs(jobs, { workers: 1, mutation }, (result) => {
      found.push(result)
      return result.violation === null
    })
    expect(found.at(-1)?.violation?.invariant).toBe(expected.invariant)
  })
})
