import { readFileSync } from 'node:fs'

export interface TestCounts {
  passed: number
  failed: number
  skipped: number
}

const number = (record: object, key: string): number => {
  const value: unknown = Reflect.get(record, key)
  return typeof value === 'number' ? value : 0
}

function readReport(file: string): object | undefined {
  try {
    const report: unknown = JSON.parse(readFileSync(file, 'utf8'))
    return typeof report === 'object' && report !== null ? report : undefined
  } catch {
    return undefined
  }
}

/** Counts in a report of vitest's `json` reporter; undefined when there is no readable report. */
export function vitestCounts(file: string): TestCounts | undefined {
  const report = readReport(file)
  if (!report || !('numTotalTests' in report)) return undefined
  return {
    passed: number(report, 'numPassedTests'),
    failed: number(report, 'numFailedTests'),
    skipped: number(report, 'numPendingTests') + number(report, 'numTodoTests'),
  }
}

/** Counts in a report of Playwright's `json` reporter; a flaky test counts as failed. Undefined without a report. */
export function playwrightCounts(file: string): TestCounts | undefined {
  const report = readReport(file)
  const stats: unknown = report && Reflect.get(report, 'stats')
  if (typeof stats !== 'object' || stats === null) return undefined
  return {
    passed: number(stats, 'expected'),
    failed: number(stats, 'unexpected') + number(stats, 'flaky'),
    skipped: number(stats, 'skipped'),
  }
}

/**
 * What a layer's run amounts to. Whatever else the report says, a run whose program failed, or that ran no test, or
 * left one out, has not passed: it counts at least one failure.
 */
export function judge(counts: TestCounts | undefined, status: number): TestCounts & { reason?: string } {
  const seen = counts ?? { passed: 0, failed: 0, skipped: 0 }
  if (seen.failed > 0) return { ...seen, reason: `${seen.failed} failed` }
  if (status !== 0) return { ...seen, failed: 1, reason: `exited with ${status}` }
  if (seen.skipped > 0) return { ...seen, failed: seen.skipped, reason: `${seen.skipped} skipped` }
  if (seen.passed === 0) return { ...seen, failed: 1, reason: 'no test ran' }
  return seen
}
