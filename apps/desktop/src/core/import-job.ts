import { basename } from 'node:path'
import { type ImportCandidate, planImport } from '@countersign/client/import/import-plan'
import { readImport } from '@countersign/client/import/read-import'
import type { NewItem } from '@countersign/client/items/item-actions'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import type { ImportRow, ImportView } from '../shared/views.ts'

export interface ImportChoice {
  readonly row: number
  /** What it is to be called. */
  readonly name: string
}

export interface ImportHost {
  readonly choosePath: () => Promise<string | null>
  readonly add: (item: NewItem) => Promise<Outcome<{ item: string }>>
  readonly onChange: () => void
}

const noteOn = ({ variables }: ImportCandidate): string =>
  `Imported from ${variables.map(({ variable }) => variable).join(', ')}`.slice(0, 2000)

const rowOf = ({ value: _, ...candidate }: ImportCandidate, row: number): ImportRow => ({
  ...candidate,
  row,
  variables: [...candidate.variables],
  remarks: [...candidate.remarks],
  result: null,
})

const stopped = () => refuse('import.none', 'There is nothing to import any more.', 'Choose the file again.')

/**
 * One import, from the question which file to the credentials that were made of it. The values are in this process alone and
 * only as long as they are needed; windows see what they would become.
 */
export class ImportJob {
  readonly #host: ImportHost
  readonly #abort = new AbortController()
  #candidates: readonly ImportCandidate[] = []
  #running: Promise<void> = Promise.resolve()
  #view: ImportView = {
    state: 'choosing',
    file: null,
    rows: [],
    skipped: [],
    done: 0,
    total: 0,
    error: null,
  }

  constructor(host: ImportHost) {
    this.#host = host
    void this.#choose()
  }

  get view(): ImportView {
    return this.#view
  }

  get busy(): boolean {
    return this.#view.state === 'choosing' || this.#view.state === 'running'
  }

  /** Begins to add what was chosen, one credential after the other: each is there whole or not at all. */
  start(environment: string, choices: readonly ImportChoice[]): Outcome<ImportView> {
    if (this.#view.state !== 'ready') return stopped()
    if (new Set(choices.map(({ name }) => name)).size !== choices.length) {
      return refuse('import.name_twice', 'Two are to have the same name.', 'Give each a name of its own.')
    }
    const chosen = choices.flatMap(({ row, name }) => {
      const candidate = this.#candidates[row]
      return candidate === undefined ? [] : [{ row, name, candidate }]
    })
    if (chosen.length !== choices.length || new Set(choices.map(({ row }) => row)).size !== choices.length) {
      return refuse('import.row_unknown', 'The file has no such credential.', 'Choose the file again.')
    }
    this.#set({ state: 'running', done: 0, total: chosen.length })
    this.#running = this.#add(environment, chosen)
    return ok(this.#view)
  }

  /** Resolves when nothing is added any more; what was added stays. The values are let go. */
  async cancel(): Promise<void> {
    this.#abort.abort()
    await this.#running
    this.#candidates = []
    if (this.#view.state === 'choosing' || this.#view.state === 'ready') this.#set({ state: 'cancelled' })
  }

  async #choose(): Promise<void> {
    const path = await this.#host.choosePath()
    // The system's dialog cannot be taken away: its answer comes too late and is not used.
    if (this.#abort.signal.aborted) return
    if (path === null) return this.#set({ state: 'cancelled' })
    const read = await readImport(path)
    if (this.#abort.signal.aborted) return
    const file = basename(path).slice(0, 255)
    if (!read.ok) {
      const { code, message, fix } = read
      return this.#set({ state: 'failed', file, error: { code, message, fix } })
    }
    const { candidates, skipped } = planImport(read.value)
    this.#candidates = candidates
    this.#set({ state: 'ready', file, rows: candidates.map(rowOf), skipped: [...skipped] })
  }

  async #add(
    environment: string,
    chosen: readonly { row: number; name: string; candidate: ImportCandidate }[],
  ): Promise<void> {
    for (const { row, name, candidate } of chosen) {
      if (this.#abort.signal.aborted) break
      const { provider, value } = candidate
      const added = await this.#host
        .add({ environment, name, provider, value, note: noteOn(candidate), models: [] })
        .catch(() => refuse('import.fault', 'This one could not be added.', 'Try it again by itself.'))
      this.#settle(row, {
        name,
        result: added.ok
          ? { ok: true, item: added.value.item }
          : { ok: false, error: { code: added.code, message: added.message, fix: added.fix } },
      })
    }
    this.#candidates = []
    this.#set({ state: this.#abort.signal.aborted ? 'cancelled' : 'done' })
  }

  #settle(row: number, change: Pick<ImportRow, 'name' | 'result'>): void {
    const rows = this.#view.rows.map((each) => (each.row === row ? { ...each, ...change } : each))
    this.#set({ rows, done: this.#view.done + 1 })
  }

  #set(change: Partial<ImportView>): void {
    this.#view = { ...this.#view, ...change }
    this.#host.onChange()
  }
}
