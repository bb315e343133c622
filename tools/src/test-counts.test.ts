import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { judge, playwrightCounts, vitestCounts } from './test-counts.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-counts-'))
afterAll(() => rmSync(folder, { recursive: true }))

function report(content: string): string {
  const file = join(folder, 'report.json')
  writeFileSync(file, content)
  return file
}

test('counts are read from a vitest report', () => {
  const file = report(
    '{"numTotalTests":9,"numPassedTests":5,"numFailedTests":1,"numPendingTests":2,"numTodoTests":1}',
  )
  expect(vitestCounts(file)).toEqual({ passed: 5, failed: 1, skipped: 3 })
})

test('counts are read from a Playwright report, where a flaky test is a failure', () => {
  const file = report('{"stats":{"expected":7,"unexpected":1,"flaky":2,"skipped":3}}')
  expect(playwrightCounts(file)).toEqual({ passed: 7, failed: 3, skipped: 3 })
})

test.each(['', 'not json', '[]', 'null', '{}'])(
  'a report %j that says nothing gives no counts',
  (content) => {
    expect(vitestCounts(report(content))).toBeUndefined()
    expect(playwrightCounts(report(content))).toBeUndefined()
  },
)

test('a missing report gives no counts', () => {
  expect(vitestCounts(join(folder, 'none.json'))).toBeUndefined()
  expect(playwrightCounts(join(folder, 'none.json'))).toBeUndefined()
})

test('a run passes only when its program did, some test ran and none was left out', () => {
  expect(judge({ passed: 3, failed: 0, skipped: 0 }, 0)).toEqual({ passed: 3, failed: 0, skipped: 0 })
  expect(judge({ passed: 3, failed: 0, skipped: 0 }, 1)).toMatchObject({ failed: 1, reason: 'exited with 1' })
  expect(judge({ passed: 3, failed: 2, skipped: 0 }, 0)).toMatchObject({ failed: 2, reason: '2 failed' })
  expect(judge({ passed: 3, failed: 0, skipped: 1 }, 0)).toMatchObject({ failed: 1, reason: '1 skipped' })
  expect(judge({ passed: 0, failed: 0, skipped: 0 }, 0)).toMatchObject({ failed: 1, reason: 'no test ran' })
  expect(judge(undefined, 0)).toMatchObject({ failed: 1, reason: 'no test ran' })
})
