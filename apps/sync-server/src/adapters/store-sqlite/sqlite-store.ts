import type { Store, StoreMode } from '../../core/store.ts'
import { StoreError } from '../../core/store-error.ts'
import { openDatabase } from './open-database.ts'
import { SqliteLog } from './sqlite-log.ts'
import { SqliteMailboxes } from './sqlite-mailboxes.ts'
import { SqliteRecords } from './sqlite-records.ts'
import { SqliteTeams } from './sqlite-teams.ts'
import { SqliteWriter } from './sqlite-writer.ts'

export interface SqliteStoreOptions {
  readonly file: string
  /** Quota of the data file in bytes; null: what the disk holds. */
  readonly maxBytes: number | null
}

/** The disk has space again when so much fits: an empty last page would let a few entries in and refuse the next. */
const PROBE_BYTES = 1024 * 1024

/** The embedded store: one file, WAL, synchronous FULL, one server process. Throws StoreError when it cannot be opened. */
export const openSqliteStore = ({ file, maxBytes }: SqliteStoreOptions): Store => {
  const { db, close } = openDatabase(file, maxBytes)
  const writer = new SqliteWriter(db)
  const meta = (name: string): Uint8Array => {
    const value = db.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.value
    if (!(value instanceof Uint8Array) || value.length !== 32) {
      close()
      throw new StoreError('corrupt', `${file} has no ${name}: restore it from a backup.`)
    }
    return value
  }
  const serverId = meta('server_id')
  const nodeSecret = meta('node_secret')
  const putProbe = db.prepare(
    `INSERT INTO meta (name, value) VALUES ('probe', zeroblob(${PROBE_BYTES}))
     ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
  )
  const dropProbe = db.prepare(`DELETE FROM meta WHERE name = 'probe'`)
  const log = new SqliteLog(writer)
  return {
    serverId,
    nodeSecret,
    log,
    teams: new SqliteTeams(writer, log),
    mailboxes: new SqliteMailboxes(writer),
    records: new SqliteRecords(writer),
    mode: () => writer.mode,
    probe: async (): Promise<StoreMode> => {
      try {
        writer.write(() => putProbe.run())
        writer.write(() => dropProbe.run())
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause
      }
      return writer.mode
    },
    close: async () => close(),
  }
}
