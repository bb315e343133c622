import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { INVARIANTS } from './invariants/violation.ts'
import { progressBar } from './run/progress-bar.ts'
import { runJobs } from './run/run-jobs.ts'
import type { SeedResult } from './run/run-seed.ts'
import { shrink } from './run/shrink.ts'
import { SimWorker } from './run/sim-worker.ts'

// `pnpm sim --seeds N [--from S]` runs N seeds; `--seed S [--keep 1,2,3]` shows one; `--shrink` makes a failing one smaller;
// `--kept` runs the seeds that failed once. `--json FILE`-less output ends with one JSON line.

const HOOKS = new URL('./mutation/register-mutation.ts', import.meta.url).href

const USAGE = `pnpm sim --seeds N [--from S] [--workers N] [--mutation NAME]
pnpm sim --seed S [--keep 1,2,3]     one run, with what happens in it
pnpm sim --seed S --shrink           fewer events, as long as it still fails
  either with --mutation NAME        against the product without that check
pnpm sim --kept                      the seeds that failed once`

const keptSchema = z.array(
  z.strictObject({ seed: z.number().int(), keep: z.array(z.number().int()).optional(), why: z.string() }),
)

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    keep: { type: 'string' },
    workers: { type: 'string' },
    mutation: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    kept: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    'stop-at-first': { type: 'boolean', default: false },
  },
})

const describe = ({ seed, violation }: SeedResult): string =>
  violation === null
    ? `seed ${seed}: every invariant held`
    : `seed ${seed} breaks ${violation.invariant} (${INVARIANTS[violation.invariant]}) at ${(violation.at / 1000).toFixed(3)} s:\n  ${violation.detail}`

const keepOf = (text: string | undefined): number[] | undefined =>
  text === undefined
    ? undefined
    : text
        .split(',')
        .filter((each) => each !== '')
        .map(Number)

/** The product without one check is loaded by a process of its own: in this one it is loaded already, whole. */
const showMutated = async (mutation: string): Promise<number> => {
  const child = spawn(process.execPath, ['--import', HOOKS, ...process.argv.slice(1)], {
    env: { ...process.env, COUNTERSIGN_SIM_MUTATION: mutation },
    stdio: 'inherit',
  })
  const [status] = await once(child, 'exit')
  return Number(status)
}

const showOne = async (seed: number): Promise<number> => {
  const { enterSimulation } = await import('./runtime/enter-simulation.ts')
  const write = process.stdout.write.bind(process.stdout)
  await enterSimulation()
  const { runSeed } = await import('./run/run-seed.ts')
  const keep = keepOf(values.keep)
  const result = await runSeed(seed, {
    ...(keep === undefined ? {} : { keep: new Set(keep) }),
    onLine: (line) => write(`${line}\n`),
  })
  write(`${describe(result)}\n${JSON.stringify(result.reached)} trace ${result.digest}\n`)
  return result.violation === null ? 0 : 1
}

const shrinkOne = async (seed: number): Promise<number> => {
  const worker = await SimWorker.start(values.mutation)
  try {
    const failed = await worker.run({ seed })
    console.log(describe(failed))
    if (failed.violation === null) return 0
    const shrunk = await shrink(failed, async (keep) => {
      const result = await worker.run({ seed, keep: [...keep] })
      process.stderr.write(`\r${keep.length} events: ${result.violation?.invariant ?? 'holds'}            `)
      return result
    })
    console.log(`\n${failed.planned} events became ${shrunk.keep.length} in ${shrunk.runs} runs`)
    const against = values.mutation === undefined ? '' : ` --mutation ${values.mutation}`
    console.log(`pnpm sim --seed ${seed} --keep ${shrunk.keep.join(',')}${against}`)
    return 1
  } finally {
    worker.end()
  }
}

const runMany = async (jobs: readonly { seed: number; keep?: number[] }[]): Promise<number> => {
  const started = performance.now()
  const failures: SeedResult[] = []
  const reached: Record<string, number> = {}
  const totals = { seeds: 0, events: 0, planned: 0, virtualMs: 0 }
  const bar = progressBar(jobs.length)
  const workers = Number(values.workers ?? Math.min(availableParallelism(), 8, jobs.length))
  await runJobs(jobs, { workers, mutation: values.mutation }, (result) => {
    totals.seeds += 1
    totals.events += result.events
    totals.planned += result.planned
    totals.virtualMs += result.virtualMs
    for (const [what, count] of Object.entries(result.reached)) reached[what] = (reached[what] ?? 0) + count
    if (result.violation !== null) {
      failures.push(result)
      bar.above(describe(result))
    }
    bar.at(totals.seeds, failures.length)
    return !(values['stop-at-first'] && failures.length > 0)
  })
  bar.end()
  const seconds = (performance.now() - started) / 1000
  const hours = (totals.virtualMs / 3_600_000).toFixed(1)
  console.log(
    `${totals.seeds} seeds, ${failures.length} failed; ${totals.planned} actions and faults, ${totals.events} events in ${hours} hours of virtual time; ${seconds.toFixed(1)} s`,
  )
  const summary = {
    ...totals,
    reached,
    seconds,
    failures: failures.map(({ seed, violation, digest }) => ({ seed, violation, digest })),
  }
  if (values.json) console.log(JSON.stringify(summary))
  return failures.length === 0 ? 0 : 1
}

const jobsOf = (): { seed: number; keep?: number[] }[] => {
  if (values.kept) {
    const file = new URL('../kept-seeds.json', import.meta.url)
    return keptSchema
      .parse(JSON.parse(readFileSync(file, 'utf8')))
      .map(({ seed, keep }) => (keep === undefined ? { seed } : { seed, keep }))
  }
  return Array.from({ length: Number(values.seeds ?? 0) }, (_, i) => ({ seed: Number(values.from) + i }))
}

const main = async (): Promise<number> => {
  if (values.seed !== undefined) {
    const seed = Number(values.seed)
    if (values.shrink) return shrinkOne(seed)
    const { mutation } = values
    const missing = mutation !== undefined && process.env.COUNTERSIGN_SIM_MUTATION !== mutation
    return missing ? showMutated(mutation) : showOne(seed)
  }
  const jobs = jobsOf()
  if (jobs.length === 0 && !values.kept) {
    console.log(USAGE)
    return 2
  }
  return runMany(jobs)
}

process.exitCode = await main()
