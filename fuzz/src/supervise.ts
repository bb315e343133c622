import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { CampaignResult } from './campaign.ts'

/** A batch takes well under a second; a parser that is silent for this long hangs. */
const SILENCE_MS = 120_000

export interface Order {
  readonly group: string
  readonly names: readonly string[]
  /** For each of them. */
  readonly inputs: number
  readonly seed: number
}

export interface Done {
  readonly state: 'done'
  readonly ms: number
  readonly result: CampaignResult
}

export type Report = Done | { readonly state: 'hung'; readonly after: number }

interface Said {
  readonly name: string
  readonly done?: number
  readonly ms?: number
  readonly result?: CampaignResult
}

/**
 * Runs campaigns in a process of their own, so that its memory is theirs alone, and watches it: name → report. Rejects where the process
 * ends before its work does, apart from what it found.
 */
export const supervise = (
  order: Order,
  onProgress: (name: string, done: number) => void = () => undefined,
  silenceMs = SILENCE_MS,
  program = new URL('./worker.ts', import.meta.url),
): Promise<Map<string, Report>> =>
  new Promise((resolve, reject) => {
    const worker = fork(fileURLToPath(program), [JSON.stringify(order)], { serialization: 'advanced' })
    const reports = new Map<string, Report>()
    let at: { name: string; done: number } = { name: order.names[0] ?? order.group, done: 0 }
    let timer: NodeJS.Timeout
    const listen = (): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        reports.set(at.name, { state: 'hung', after: at.done })
        resolve(reports)
        worker.kill('SIGKILL')
      }, silenceMs)
    }
    worker.on('message', ({ name, done, ms, result }: Said) => {
      listen()
      if (done !== undefined) {
        at = { name, done }
        onProgress(name, done)
      }
      if (result !== undefined) reports.set(name, { state: 'done', ms: ms ?? 0, result })
    })
    worker.on('error', reject)
    worker.on('exit', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(reports)
      else
        reject(
          new Error(`the parser ${at.name} ended its process after ${at.done} inputs (${signal ?? code})`),
        )
    })
    listen()
  })
