import { describe, expect, test } from 'vitest'
import { INVARIANTS, type InvariantName } from '../src/invariants/violation.ts'
import { MUTATIONS } from '../src/mutation/mutations.ts'
import { runJobs } from '../src/run/run-jobs.ts'
import type { SeedResult } from '../src/run/run-seed.ts'

/** Which invariant catches a product from which a check was taken out, and a seed that is known to get there. */
const CAUGHT_BY: Readonly<Record<string, { readonly invariant: InvariantName; readonly seed: number }>> = {
  'ack-before-durable': { invariant: 'acknowledged-durable', seed: 1 },
  'no-revocation': { invariant: 'revoked-unread', seed: 11 },
  'no-quorum': { invariant: 'grant-quorum', seed: 1 },
  'intent-forgotten': { invariant: 'intent-kept', seed: 16 },
  'intent-new-id': { invariant: 'intent-kept', seed: 2 },
  'entries-not-durable': { invariant: 'never-back', seed: 3 },
  'no-signature-check': { invariant: 'authentic', seed: 24 },
  'old-key-after-removal': { invariant: 'removed-blind', seed: 47 },
  'store-not-synced': { invariant: 'acknowledged-kept', seed: 2 },
  'refused-taken-as-landed': { invariant: 'one-history', seed: 7 },
  'lost-access-is-a-rollback': { invariant: 'no-false-alarm', seed: 13 },
  'rollback-not-looked-for': { invariant: 'rollback-seen', seed: 53 },
  'split-view-not-looked-for': { invariant: 'fork-seen', seed: 4 },
  'removal-brings-no-key': { invariant: 'reducers-agree', seed: 72 },
  'landed-is-a-conflict': { invariant: 'intent-once', seed: 1229 },
  'kept-read-of-another': { invariant: 'read-true', seed: 13 },
  'no-offline-limit': { invariant: 'read-fresh', seed: 445 },
  'no-unwitnessed-limit': { invariant: 'read-witnessed', seed: 5835 },
  'answer-before-audit': { invariant: 'read-audited', seed: 29 },
  'offline-changes-not-sent': { invariant: 'converges', seed: 2 },
  'full-disk-not-said': { invariant: 'no-defect', seed: 55 },
  'caught-up-not-heard': { invariant: 'comes-to-an-end', seed: 1 },
}

/** The story of a seed changes with the product: if it does not get there any more, others do. */
const OTHERS = Array.from({ length: 60 }, (_, i) => i + 1)

describe('the simulation bites', () => {
  test('every weakened product has its test', () => {
    expect(Object.keys(CAUGHT_BY)).toEqual(Object.keys(MUTATIONS))
  })

  test('every invariant is broken by one of them', () => {
    const broken = new Set(Object.values(CAUGHT_BY).map(({ invariant }) => invariant))
    expect([...broken].sort()).toEqual(Object.keys(INVARIANTS).sort())
  })

  test.each(Object.entries(CAUGHT_BY))('%s: an invariant breaks', async (mutation, expected) => {
    const found: SeedResult[] = []
    const jobs = [expected.seed, ...OTHERS].map((seed) => ({ seed }))
    await runJobs(jobs, { workers: 1, mutation }, (result) => {
      found.push(result)
      return result.violation === null
    })
    expect(found.at(-1)?.violation?.invariant).toBe(expected.invariant)
  })
})
