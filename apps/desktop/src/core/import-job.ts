import { basename } from 'node:path'
import { type ImportCandidate, planImport } from '@countersign/client/import/import-plan'
import { readImport } from '@countersign/client/import/read-import'
import type { NewItem } from '@countersign/client/items/item-actions'
import { type Outcome, ok, type Refusal, refuse } from '@countersign/client/refusal'
import { newId } from '@countersign/schema/ids'
import type { CallError } from '../shared/contract.ts'
import type { ImportRow, ImportView } from '../shared/job-views.ts'

export interface ImportChoice {
  readonly row: number
  /** What it is to be called. */
  readonly name: string
}

export interface ImportHost {
  readonly choosePath: () => Promise<string | null>
  /** Writes it now or refuses: what waited for the server could not be told from what is there when the file is imported again. */
  readonly add: (item: NewItem) => Promise<Outcome<{ item: string }>>
  readonly onChange: () => void
}

interface Chosen extends ImportChoice {
  readonly candidate: ImportCandidate
}

/** How often progress is told, at most. */
const PROGRESS_MS = 250

/** Refusals of one credential alone; any other would meet the next one too. */
const OF_ONE = new Set(['name.taken', 'item.empty', 'import.fault'])

const errorOf = ({ code, message, fix }: Refusal): CallError => ({ code, message, fix })

const noteOn = ({ variables }: ImportCandidate): string =>
  `Imported from ${variables.map(({ variable }) => variable).join(', ')}`.slice(0, 2000)

const rowOf = ({ value: _, ...candidate }: ImportCandidate, row: number): ImportRow => ({
  ...candidate,
  row,
  variables: [...candidate.variables],
  remarks: [...candidate.remarks],
  result: null,
})

const nothing = (): Refusal =>
  refuse('import.none', 'There is nothing to import any more.', 'Choose the file again.')

const unlike = (values: readonly unknown[]): boolean => new Set(values).size === values.length

/**
 * One import, from the question which file to the credentials that were made of it. The values are in this process alone and
 * only as long as they are needed; windows see what they would become.
 */
export class ImportJob {
  readonly #host: ImportHost
  readonly #abort = new AbortController()
  #candidates: readonly ImportCandidate[] = []
  #running: Promise<void> = Promise.resolve()
  #toldAt = 0
  #view: ImportView = {
    id: newId(),
    state: 'choosing',
    file: null,
    environment: null,
    rows: [],
    skipped: [],
    done: 0,
    total: 0,
    error: null,
  }

  constructor(host: ImportHost) {
    this.#host = host
    host.onChange()
    void this.#choose()
  }

  get view(): ImportView {
    return this.#view
  }

  get busy(): boolean {
    return this.#view.state === 'choosing' || this.#view.state === 'running'
  }

  /** Begins to add what was chosen, one credential after the other: each is there whole or not at all. */
  start(id: string, environment: string, choices: readonly ImportChoice[]): Outcome<ImportView> {
    if (this.#view.state !== 'ready' || id !== this.#view.id) return nothing()
    if (!unlike(choices.map(({ name }) => name))) {
      return refuse('import.name_twice', 'Two are to have the same name.', 'Give each a name of its own.')
    }
    const chosen = choices.flatMap(({ row, name }) => {
      const candidate = this.#candidates[row]
      return candidate === undefined ? [] : [{ row, name, candidate }]
    })
    if (chosen.length !== choices.length || !unlike(choices.map(({ row }) => row))) {
      return refuse('import.row_unknown', 'The file has no such credential.', 'Choose the file again.')
    }
    this.#candidates = []
    this.#set({ state: 'running', environment, done: 0, total: chosen.length })
    this.#running = this.#add(environment, chosen)
    return ok(this.#view)
  }

  /** Nothing is begun after this; resolves when nothing is added any more. What was added stays, the values are let go. */
  async cancel(): Promise<void> {
    this.#abort.abort()
    this.#candidates = []
    await this.#running
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
    if (!read.ok) return this.#set({ state: 'failed', file, error: errorOf(read) })
    const { candidates, skipped } = planImport(read.value)
    this.#candidates = candidates
    this.#set({ state: 'ready', file, rows: candidates.map(rowOf), skipped: [...skipped] })
  }

  async #add(environment: string, chosen: readonly Chosen[]): Promise<void> {
    for (const { row, name, candidate } of chosen) {
      if (this.#abort.signal.aborted) return this.#set({ state: 'cancelled' })
      const { provider, value } = candidate
      const added = await this.#host
        .add({ environment, name, provider, value, note: noteOn(candidate), models: [] })
        .catch(() => refuse('import.fault', 'This one could not be added.', 'Try it again by itself.'))
      if (!added.ok && !OF_ONE.has(added.code)) return this.#set({ state: 'done', error: errorOf(added) })
      this.#settle(
        row,
        name,
        added.ok ? { ok: true, item: added.value.item } : { ok: false, error: errorOf(added) },
      )
    }
    this.#set({ state: 'done' })
  }

  #settle(row: number, name: string, result: ImportRow['result']): void {
    const rows = this.#view.rows.map((each) => (each.row === row ? { ...each, name, result } : each))
    this.#view = { ...this.#view, rows, done: this.#view.done + 1 }
    if (performance.now() - this.#toldAt > PROGRESS_MS) this.#tell()
  }

  #set(change: Partial<ImportView>): void {
    this.#view = { ...this.#view, ...change }
    this.#tell()
  }

  #tell(): void {
    this.#toldAt = performance.now()
    this.#host.onChange()
  }
}
