import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { StoreMode } from '../../core/store.ts'
import { storeFailure } from './sqlite-failure.ts'

/** One connection's durable transactions, and what they said about the disk: `full` passes with the next write, damage stays. */
export class SqliteWriter {
  readonly db: DatabaseSync
  #mode: StoreMode = 'normal'
  #damaged = false
  readonly #begin: StatementSync
  readonly #commit: StatementSync

  constructor(db: DatabaseSync) {
    this.db = db
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
  }

  get mode(): StoreMode {
    return this.#damaged ? 'failed' : this.#mode
  }

  /** Runs `work` in one transaction, durable on return; all or nothing. Throws StoreError. */
  write<T>(work: () => T): T {
    try {
      this.#begin.run()
      const result = work()
      this.#commit.run()
      this.#mode = 'normal'
      return result
    } catch (cause) {
      if (this.db.isOpen && this.db.isTransaction) this.db.exec('ROLLBACK')
      throw this.#note(cause)
    }
  }

  /** Runs a read; throws StoreError. */
  read<T>(work: () => T): T {
    try {
      return work()
    } catch (cause) {
      throw this.#note(cause)
    }
  }

  #note(cause: unknown): Error {
    const failure = storeFailure(cause)
    if (failure.code === 'corrupt') this.#damaged = true
    this.#mode = failure.code === 'full' ? 'full' : 'failed'
    return failure
  }
}
