import { IdTable } from './id-table.ts'

/** A set of ids that grows: a table, and what came since. */
export class IdSet {
  #table: IdTable
  #since = new Set<string>()

  constructor(table = new IdTable(new Uint8Array(0))) {
    this.#table = table
  }

  get size(): number {
    return this.#table.size + this.#since.size
  }

  has(id: string): boolean {
    return this.#since.has(id) || this.#table.indexOf(id) >= 0
  }

  add(id: string): void {
    if (!this.has(id)) this.#since.add(id)
  }

  /** All of it as one table. */
  table(): IdTable {
    if (this.#since.size > 0) {
      this.#table = IdTable.merged(this.#table, IdTable.of(this.#since)).table
      this.#since = new Set()
    }
    return this.#table
  }
}
