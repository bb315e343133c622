import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { SeedResult } from './run-seed.ts'
import type { Job } from './worker.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))
const HOOKS = new URL('../mutation/register-mutation.ts', import.meta.url).href
/** A run that computes for so long hangs. */
const HANG_MS = 600_000

type Reply =
  | { readonly ready: true }
  | { readonly ok: true; readonly result: SeedResult }
  | { readonly ok: false; readonly error: string }

/** One process that runs seeds, one at a time: virtual time is a process's own. */
export class SimWorker {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  /** `mutation`: name of a check that is missing from the shipped code in this process. */
  static async start(mutation?: string): Promise<SimWorker> {
    const child = fork(WORKER, {
      execArgv: mutation === undefined ? [] : ['--import', HOOKS],
      env: { ...process.env, ...(mutation === undefined ? {} : { COUNTERSIGN_SIM_MUTATION: mutation }) },
      serialization: 'advanced',
    })
    const worker = new SimWorker(child)
    await worker.#reply()
    return worker
  }

  /** Rejects where the simulation itself broke; a broken invariant is a result. */
  async run(job: Job): Promise<SeedResult> {
    this.#child.send(job)
    const reply = await this.#reply()
    if ('ready' in reply) throw new Error('a worker answered before it was asked')
    if (!reply.ok) throw new Error(`seed ${job.seed} could not be run: ${reply.error}`)
    return reply.result
  }

  end(): void {
    this.#child.kill()
  }

  #reply(): Promise<Reply> {
    const child = this.#child
    return new Promise((resolve, reject) => {
      const hang = setTimeout(() => end(new Error('a run hangs')), HANG_MS)
      const end = (outcome: Reply | Error): void => {
        clearTimeout(hang)
        child.off('message', answered)
        child.off('exit', ended)
        if (outcome instanceof Error) reject(outcome)
        else resolve(outcome)
      }
      const answered = (message: unknown): void => end(message as Reply)
      const ended = (status: number | null): void => end(new Error(`a worker ended with ${status}`))
      child.once('message', answered)
      child.once('exit', ended)
    })
  }
}
