import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { randomBytes } from '@countersign/crypto/verify'
import { StoreError } from '../../core/store-error.ts'
import { APPLICATION_ID, SCHEMA, SCHEMA_VERSION } from './database-schema.ts'
import { isDamage } from './sqlite-failure.ts'

const RESTORE =
  'Nothing was changed. Move this file aside and restore it from a backup; start with another path only for a new, empty server.'

const pragma = (db: DatabaseSync, name: string): unknown =>
  Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]

/** Made beside its place and renamed, so that a crash leaves no half-made file that a later start would have to judge. */
const create = (file: string): void => {
  const fresh = `${file}.new`
  for (const left of [fresh, `${fresh}-wal`, `${fresh}-shm`, `${fresh}-journal`])
    rmSync(left, { force: true })
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(fresh)
  chmodSync(fresh, 0o600)
  try {
    db.exec('PRAGMA synchronous = FULL; BEGIN')
    db.exec(SCHEMA)
    const put = db.prepare('INSERT INTO meta (name, value) VALUES (?, ?)')
    put.run('server_id', randomBytes(32))
    put.run('node_secret', randomBytes(32))
    db.exec('COMMIT')
  } finally {
    db.close()
  }
  renameSync(fresh, file)
}

const check = (db: DatabaseSync, file: string): void => {
  const foreign = (detail: string) =>
    new StoreError('foreign', `${file} is not a data file of this server (${detail}). ${RESTORE}`)
  if (pragma(db, 'application_id') !== APPLICATION_ID) throw foreign('another application made it')
  const version = pragma(db, 'user_version')
  if (version !== SCHEMA_VERSION)
    throw foreign(`its format is ${version}, this server reads ${SCHEMA_VERSION}`)
  const verdict = pragma(db, 'quick_check(1)')
  if (verdict !== 'ok') throw new StoreError('corrupt', `${file} is damaged (${verdict}). ${RESTORE}`)
}

/** Held for the life of the process by the operating system: a second server on the file is refused, a killed one is not in the way. */
const lock = (file: string): DatabaseSync => {
  const db = new DatabaseSync(`${file}.lock`, { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (cause) {
    db.close()
    throw new StoreError(
      'locked',
      `${file} is in use by another server. Stop that one or choose another path.`,
      { cause },
    )
  }
}

export interface OpenDatabase {
  readonly db: DatabaseSync
  close(): void
}

/**
 * Opens the data file, making it only where there is nothing at all. Throws StoreError (`corrupt`, `foreign`, `locked`,
 * `failed`) whose message names the file and says what to do; a damaged file is never replaced.
 */
export const openDatabase = (file: string, maxBytes: number | null): OpenDatabase => {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  } catch (cause) {
    throw new StoreError('failed', `the folder of ${file} cannot be made; choose another path`, { cause })
  }
  const held = lock(file)
  let db: DatabaseSync | undefined
  try {
    if (!existsSync(file)) {
      if (existsSync(`${file}-wal`)) {
        throw new StoreError('corrupt', `${file} is missing but its log ${file}-wal is there. ${RESTORE}`)
      }
      create(file)
    }
    if (statSync(file).size === 0) throw new StoreError('corrupt', `${file} is empty. ${RESTORE}`)
    db = new DatabaseSync(file, { timeout: 5000, enableForeignKeyConstraints: true })
    check(db, file)
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536')
    if (maxBytes !== null) {
      const pages = Math.max(1, Math.floor(maxBytes / Number(pragma(db, 'page_size'))))
      db.exec(`PRAGMA max_page_count = ${pages}`)
    }
  } catch (cause) {
    db?.close()
    held.close()
    if (cause instanceof StoreError) throw cause
    if (isDamage(cause)) {
      throw new StoreError('corrupt', `${file} is damaged or no data file. ${RESTORE}`, { cause })
    }
    throw new StoreError('failed', `${file} cannot be opened; check its permissions and the disk`, { cause })
  }
  const opened = db
  return {
    db: opened,
    close: () => {
      opened.close()
      held.close()
    },
  }
}
