import type { StatementSync } from 'node:sqlite'
import { equalBytes } from '@countersign/crypto/verify'
import { LEDGER } from '@countersign/schema/ids'
import type { CreateOutcome, LogEntry, TeamStore } from '../../core/store.ts'
import type { SqliteLog } from './sqlite-log.ts'
import type { SqliteWriter } from './sqlite-writer.ts'

/** Set-up tokens (only their hashes) and the first entry of a team. */
export class SqliteTeams implements TeamStore {
  readonly #writer: SqliteWriter
  readonly #log: SqliteLog
  readonly #admit: StatementSync
  readonly #tokens: StatementSync
  readonly #use: StatementSync
  readonly #teamExists: StatementSync

  constructor(writer: SqliteWriter, log: SqliteLog) {
    this.#writer = writer
    this.#log = log
    const { db } = writer
    this.#admit = db.prepare('INSERT OR IGNORE INTO setup_tokens (hash) VALUES (?)')
    this.#tokens = db.prepare('SELECT hash, team, genesis FROM setup_tokens')
    this.#use = db.prepare('UPDATE setup_tokens SET team = ?, genesis = ? WHERE hash = ?')
    this.#teamExists = db.prepare('SELECT 1 FROM streams WHERE team = ? LIMIT 1')
  }

  async admitToken(tokenHash: Uint8Array): Promise<void> {
    this.#writer.write(() => this.#admit.run(tokenHash))
  }

  async needsToken(): Promise<boolean> {
    return this.#writer.read(() => this.#tokens.all().length === 0)
  }

  async create(team: string, tokenHash: Uint8Array, genesis: LogEntry): Promise<CreateOutcome> {
    const { result, landing } = this.#log.transact((landing): CreateOutcome => {
      const token = this.#find(tokenHash)
      if (token === undefined) return 'token_unknown'
      if (token.team !== null) {
        const same = token.team === team && token.genesis !== null && equalBytes(token.genesis, genesis.hash)
        return same ? 'repeated' : 'token_used'
      }
      if (this.#teamExists.get(team) !== undefined) return 'team_exists'
      this.#use.run(team, genesis.hash, tokenHash)
      const part = { stream: LEDGER, expected: null, entries: [genesis] }
      this.#log.land({ team, parts: [part] }, landing)
      return 'created'
    })
    this.#log.publish(landing)
    return result
  }

  /** Compares with every token in constant time: how long it takes says nothing about how close a guess was. */
  #find(hash: Uint8Array): { team: string | null; genesis: Uint8Array | null } | undefined {
    let found: { team: string | null; genesis: Uint8Array | null } | undefined
    for (const row of this.#tokens.all()) {
      if (equalBytes(row.hash as Uint8Array, hash)) {
        found = { team: row.team as string | null, genesis: row.genesis as Uint8Array | null }
      }
    }
    return found
  }
}
