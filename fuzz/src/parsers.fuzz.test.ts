import { beforeAll, describe, expect, it } from 'vitest'
import { GROWTH } from './campaign.ts'
import { GROUPS } from './catalogue.ts'
import { type Report, supervise } from './supervise.ts'

/** A taste of what `pnpm fuzz` does for longer; the seed is fixed, so that what passes once passes again. */
const INPUTS = 2_000

describe.each(Object.entries(GROUPS))('F1 %s', (group, { names }) => {
  let reports: Map<string, Report>
  beforeAll(async () => {
    reports = await supervise({ group, names, inputs: INPUTS, seed: 20_261_125 })
  }, 240_000)

  it.each(names)('F1 no bytes make %s throw, hang or grow, or accept what it must not', (name) => {
    const report = reports.get(name)
    if (report?.state !== 'done') throw new Error(`${name}: ${JSON.stringify(report ?? 'did not run')}`)
    const { findings, outcomes, early, late } = report.result
    expect(findings).toEqual([])
    expect(late.heap - early.heap).toBeLessThan(GROWTH.heap)
    expect(late.resident - early.resident).toBeLessThan(GROWTH.resident)
    // Both sides of the parser were reached: something was refused, and something taken.
    expect(Object.keys(outcomes).length).toBeGreaterThan(1)
  })
})
