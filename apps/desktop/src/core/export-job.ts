import { ClientError } from '@countersign/client/client-error'
import { auditExport, type ExportSource } from '@countersign/client/export/audit-export'
import type { Disclosure } from '@countersign/client/export/disclosure'
import { writeExport } from '@countersign/client/export/write-export'
import type { ExportView } from '../shared/job-views.ts'

export interface ExportPlan {
  readonly kind: ExportView['kind']
  readonly createdAt: number
  /** Before anything is asked or written: the export is on record. */
  readonly begin?: () => Promise<void>
  readonly choosePath: () => Promise<string | null>
  readonly source: () => Promise<{ source: ExportSource; disclosure: Disclosure }>
  readonly onChange: () => void
}

const faultOf = (error: unknown): NonNullable<ExportView['error']> =>
  error instanceof ClientError
    ? { code: error.code, message: error.message, fix: error.fix }
    : {
        code: 'export.failed',
        message: 'The export could not be made.',
        fix: 'Try again; if it stays, restart Countersign.',
      }

/** One export from the question where to put it to the file that stands there; watched and cancelled from a window. */
export class ExportJob {
  readonly #plan: ExportPlan
  readonly #abort = new AbortController()
  readonly #running: Promise<void>
  #view: ExportView

  constructor(plan: ExportPlan) {
    this.#plan = plan
    this.#view = { kind: plan.kind, state: 'choosing', path: null, done: 0, total: 0, bytes: 0, error: null }
    this.#running = this.#run()
  }

  get view(): ExportView {
    return this.#view
  }

  get busy(): boolean {
    return this.#view.state === 'choosing' || this.#view.state === 'running'
  }

  /** Resolves when nothing is written any more. */
  async cancel(): Promise<void> {
    this.#abort.abort()
    // The system's dialog cannot be taken away: its answer comes too late and is not used.
    if (this.#view.state === 'choosing') this.#set({ state: 'cancelled' })
    else await this.#running
  }

  async #run(): Promise<void> {
    const { begin, choosePath, source, createdAt } = this.#plan
    try {
      await begin?.()
      const path = await choosePath()
      if (path === null || this.#abort.signal.aborted) return this.#set({ state: 'cancelled' })
      this.#set({ state: 'running', path })
      const made = await source()
      const onProgress = (done: number, total: number): void => this.#set({ done, total })
      const chunks = auditExport(made.source, { createdAt, disclosure: made.disclosure, onProgress })
      const bytes = await writeExport(path, chunks, this.#abort.signal)
      this.#set({ state: 'done', bytes })
    } catch (error) {
      const cancelled = error instanceof ClientError && error.code === 'export.cancelled'
      this.#set(cancelled ? { state: 'cancelled' } : { state: 'failed', error: faultOf(error) })
    }
  }

  #set(change: Partial<ExportView>): void {
    this.#view = { ...this.#view, ...change }
    this.#plan.onChange()
  }
}
