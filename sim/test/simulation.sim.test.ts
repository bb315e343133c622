import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'

const MAIN = join(import.meta.dirname, '../src/main.ts')
const SEEDS = 200

const summarySchema = z.object({
  seeds: z.number(),
  reached: z.record(z.string(), z.number()),
  failures: z.array(
    z.object({
      seed: z.number(),
      violation: z.object({ invariant: z.string(), detail: z.string() }),
      digest: z.string(),
    }),
  ),
})

/** The command as people run it; its last line is the summary. Exit status 1 says that something failed, which is looked at here. */
const simulate = async (...args: string[]): Promise<z.infer<typeof summarySchema>> => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--json', ...args], {
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout?: string; code?: number }) => {
    if (error.code === 1 && error.stdout !== undefined) return { stdout: error.stdout }
    throw error
  })
  return summarySchema.parse(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? ''))
}

const traceOf = async (seed: number): Promise<string> => {
  const { stdout } = await promisify(execFile)(process.execPath, [MAIN, '--seed', String(seed)], {
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
}

describe('simulation', () => {
  test(`${SEEDS} seeds: every invariant holds after every step`, async () => {
    const { seeds, failures, reached } = await simulate('--seeds', String(SEEDS))
    expect(failures).toEqual([])
    expect(seeds).toBe(SEEDS)
    // A run in which nothing happens proves nothing.
    for (const what of ['entries', 'acknowledged', 'reads', 'grants', 'intents', 'alarms']) {
      expect(reached[what], what).toBeGreaterThan(SEEDS / 10)
    }
  })

  test('seeds that failed once do not fail any more', async () => {
    expect((await simulate('--kept')).failures).toEqual([])
  })

  test.each([7, 21, 35])('seed %i gives the same run twice, to the byte', async (seed) => {
    const [first, second] = [await traceOf(seed), await traceOf(seed)]
    expect(first).toBe(second)
    expect(first).toMatch(/trace [0-9a-f]{64}\n$/)
  })
})
