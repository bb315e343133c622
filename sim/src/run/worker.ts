import { z } from 'zod'
import { enterSimulation } from '../runtime/enter-simulation.ts'
import { runSeed } from './run-seed.ts'

/** What the parent asks of a worker: one run. */
const jobSchema = z.strictObject({ seed: z.number().int(), keep: z.array(z.number().int()).optional() })
export type Job = z.infer<typeof jobSchema>

// A worker process: runs the seeds its parent sends, one after the other, until the channel closes.

if (process.send === undefined) throw new Error('a worker is started by its parent')
const answer = process.send.bind(process)
await enterSimulation()
process.on('message', (message) => {
  const { seed, keep } = jobSchema.parse(message)
  runSeed(seed, keep === undefined ? {} : { keep: new Set(keep) }).then(
    (result) => answer({ ok: true, result }),
    (error: unknown) =>
      answer({ ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
answer({ ready: true })
