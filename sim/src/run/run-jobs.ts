import type { SeedResult } from './run-seed.ts'
import { SimWorker } from './sim-worker.ts'
import type { Job } from './worker.ts'

export interface JobsOptions {
  readonly workers: number
  readonly mutation?: string | undefined
}

/** Runs all jobs over so many processes; `onResult` in whatever order they end, and false from it ends everything early. */
export const runJobs = async (
  jobs: readonly Job[],
  options: JobsOptions,
  onResult: (result: SeedResult) => boolean,
): Promise<void> => {
  const queue = [...jobs]
  const work = async (): Promise<void> => {
    if (queue.length === 0) return
    const worker = await SimWorker.start(options.mutation)
    try {
      for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
        if (!onResult(await worker.run(job))) queue.length = 0
      }
    } finally {
      worker.end()
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, options.workers) }, work))
}
