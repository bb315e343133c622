import type { SeedResult } from './run-seed.ts'
import { SimWorker } from './sim-worker.ts'
import type { Job } from './worker.ts'

export interface JobsOptions {
  readonly workers: number
  readonly mutation?: string | undefined
}

/** A run that broke: nothing is known of it but that, which is not the same as clean. */
const broken = (seed: number, error: unknown): SeedResult => ({
  seed,
  violation: {
    invariant: 'comes-to-an-end',
    detail: error instanceof Error ? error.message : String(error),
    at: 0,
  },
  digest: '',
  events: 0,
  planned: 0,
  virtualMs: 0,
  reached: {},
})

/** Runs all jobs over so many processes; `onResult` in whatever order they end, and false from it ends everything early. */
export const runJobs = async (
  jobs: readonly Job[],
  options: JobsOptions,
  onResult: (result: SeedResult) => boolean,
): Promise<void> => {
  const queue = [...jobs]
  const work = async (): Promise<void> => {
    if (queue.length === 0) return
    let worker = await SimWorker.start(options.mutation)
    try {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
        let result: SeedResult
        try {
          result = await worker.run(job)
        } catch (error) {
          result = broken(job.seed, error)
          worker.end()
          worker = await SimWorker.start(options.mutation)
        }
        if (!onResult(result)) queue.length = 0
      }
    } finally {
      worker.end()
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, options.workers) }, work))
}
