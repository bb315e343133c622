import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { cryptoReady } from '@countersign/crypto/ready'
import type { Head } from '@countersign/schema/entry'
import { LEDGER, newId } from '@countersign/schema/ids'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { StoreError } from '../../core/store-error.ts'
import { logEntry, storeContract } from '../../test/store-contract.ts'
import { openSqliteStore } from './sqlite-store.ts'

beforeAll(() => cryptoReady())

storeContract('node:sqlite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-store-'))
  const file = join(folder, 'server.db')
  // A quota, so that the full disk is SQLite's own refusal and not a double of it.
  const open = () => openSqliteStore({ file, maxBytes: 4 * 1024 * 1024 })
  return {
    open: async () => open(),
    reopen: async (store) => {
      await store.close()
      return open()
    },
    fill: async (store) => {
      const team = newId()
      const fill = () =>
        store.log.append([
          {
            team,
            parts: [
              { stream: LEDGER, expected: null, entries: [logEntry(newId(), new Uint8Array(3_500_000))] },
            ],
          },
        ])
      await fill()
      return async () => {
        const db = new DatabaseSync(file)
        db.exec('PRAGMA journal_mode; DELETE FROM entries WHERE length(bytes) > 3000000; VACUUM')
        db.close()
      }
    },
    dispose: async (store) => {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
})

describe('data file', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-file-'))
    file = join(folder, 'server.db')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const refusal = (): unknown => {
    try {
      openSqliteStore({ file, maxBytes: null }).close()
    } catch (cause) {
      return cause
    }
    return undefined
  }
  const fresh = async () => {
    const store = openSqliteStore({ file, maxBytes: null })
    const team = newId()
    const entries = Array.from({ length: 200 }, () => logEntry())
    await store.log.append([{ team, parts: [{ stream: LEDGER, expected: null, entries }] }])
    await store.close()
  }
  const expectRefused = (code: string) => {
    const before = existsSync(file) ? readFileSync(file) : null
    const cause = refusal()
    expect(cause).toBeInstanceOf(StoreError)
    expect(cause).toMatchObject({ code })
    expect((cause as StoreError).message).toContain(file)
    expect(existsSync(file) ? readFileSync(file) : null).toEqual(before)
  }

  test('only its owner can read it', async () => {
    await fresh()
    expect(statSync(file).mode & 0o077).toBe(0)
  })

  test('a second server on the same file is refused while the first runs, and not after', async () => {
    const store = openSqliteStore({ file, maxBytes: null })
    expectRefused('locked')
    await store.close()
    expect(refusal()).toBeUndefined()
  })

  test('P5 what somebody else wrote to the file counts, also where the store knows how a stream stood', async () => {
    const store = openSqliteStore({ file, maxBytes: null })
    const team = newId()
    const land = async (expected: Head | null, entry = logEntry()) => {
      const [outcome] = await store.log.append([
        { team, parts: [{ stream: LEDGER, expected, entries: [entry] }] },
      ])
      return outcome?.state
    }
    const first = logEntry()
    const second = logEntry()
    expect(await land(null, first)).toBe('appended')
    expect(await land({ seq: 0, hash: first.hash }, second)).toBe('appended')
    const other = new DatabaseSync(file)
    other.exec('DELETE FROM entries WHERE seq = 1')
    other.close()
    expect(await land({ seq: 1, hash: second.hash })).toBe('stale')
    expect(await land({ seq: 0, hash: first.hash })).toBe('appended')
    await store.close()
  })

  test('a file with damaged pages is refused by name and left alone', async () => {
    await fresh()
    const handle = openSync(file, 'r+')
    for (let page = 5; page < Math.floor(statSync(file).size / 4096); page++) {
      writeSync(handle, new Uint8Array(512).fill(0xff), 0, 512, page * 4096)
    }
    closeSync(handle)
    expectRefused('corrupt')
  })

  test('a truncated file is refused by name and left alone', async () => {
    await fresh()
    truncateSync(file, 3 * 4096 + 100)
    expectRefused('corrupt')
  })

  test('an empty file is refused: a server that lost its data does not start as a new one', () => {
    writeFileSync(file, '')
    expectRefused('corrupt')
  })

  test('a missing file whose log is there is refused', () => {
    writeFileSync(`${file}-wal`, 'left behind')
    expectRefused('corrupt')
  })

  test('a file that is no database is refused', () => {
    writeFileSync(file, 'this is a note, not a database. '.repeat(200))
    expectRefused('corrupt')
  })

  test('a database of another application is refused', () => {
    const db = new DatabaseSync(file)
    db.exec('CREATE TABLE notes (text TEXT)')
    db.close()
    expectRefused('foreign')
  })

  test('a data file of a newer format is refused', async () => {
    await fresh()
    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 99')
    db.close()
    expectRefused('foreign')
  })

  test('what a crash left of making the file is made anew', () => {
    writeFileSync(`${file}.new`, 'half a file')
    expect(refusal()).toBeUndefined()
    expect(existsSync(`${file}.new`)).toBe(false)
  })
})
