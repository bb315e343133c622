import type { StatementSync } from 'node:sqlite'
import type { Head } from '@countersign/schema/entry'
import { fromHex } from '@countersign/schema/hex'
import type {
  Committed,
  LogBatch,
  LogEntry,
  LogOutcome,
  LogPart,
  LogStore,
  ReadLimit,
} from '../../core/store.ts'
import { isConstraint } from './sqlite-failure.ts'
import type { SqliteWriter } from './sqlite-writer.ts'

const sameBytes = (a: unknown, b: Uint8Array): boolean =>
  a instanceof Uint8Array && Buffer.compare(a, b) === 0

interface Standing {
  readonly number: number | null
  readonly head: Head | null
}

/** What a transaction has landed, worth nothing before it is committed. */
export interface Landing {
  readonly committed: Committed[]
  readonly standings: Map<string, Standing>
}

const STANDINGS = 10_000
const nameOf = (team: string, stream: string): string => `${team} ${stream}`

/** The log in one SQLite file. One `append` call is one transaction: callers gather what arrives together (group commit). */
export class SqliteLog implements LogStore {
  readonly #writer: SqliteWriter
  readonly #listeners = new Set<(committed: readonly Committed[]) => void>()
  readonly #standing: StatementSync
  readonly #addStream: StatementSync
  readonly #insert: StatementSync
  readonly #hashAt: StatementSync
  readonly #range: StatementSync
  readonly #heads: StatementSync
  readonly #savepoint: StatementSync
  readonly #release: StatementSync
  readonly #version: StatementSync
  /** Where streams stand that were written to lately, as committed. */
  readonly #standings = new Map<string, Standing>()
  #knownVersion: unknown

  constructor(writer: SqliteWriter) {
    this.#writer = writer
    const { db } = writer
    this.#standing = db.prepare(
      `SELECT s.number, e.seq, e.hash FROM streams s LEFT JOIN entries e ON e.stream = s.number
       WHERE s.team = ? AND s.name = ? ORDER BY e.seq DESC LIMIT 1`,
    )
    this.#addStream = db.prepare('INSERT INTO streams (team, name) VALUES (?, ?)')
    this.#insert = db.prepare('INSERT INTO entries (stream, seq, id, hash, bytes) VALUES (?, ?, ?, ?, ?)')
    this.#hashAt = db.prepare('SELECT hash, bytes FROM entries WHERE stream = ? AND seq = ?')
    this.#range = db.prepare(
      `SELECT e.bytes FROM streams s JOIN entries e ON e.stream = s.number
       WHERE s.team = ? AND s.name = ? AND e.seq >= ? ORDER BY e.seq LIMIT ?`,
    )
    this.#heads = db.prepare(
      `SELECT s.name, e.seq, e.hash FROM streams s JOIN entries e ON e.stream = s.number
       AND e.seq = (SELECT max(seq) FROM entries WHERE stream = s.number) WHERE s.team = ?`,
    )
    this.#savepoint = db.prepare('SAVEPOINT batch')
    this.#release = db.prepare('RELEASE batch')
    this.#version = db.prepare('PRAGMA data_version')
  }

  async append(batches: readonly LogBatch[]): Promise<readonly LogOutcome[]> {
    const { result, landing } = this.transact((landing) => batches.map((batch) => this.land(batch, landing)))
    this.publish(landing)
    return result
  }

  /** Runs `work` in a transaction of its own, durable on return; what it landed is still to be published. Throws StoreError. */
  transact<T>(work: (landing: Landing) => T): { readonly result: T; readonly landing: Landing } {
    const landing: Landing = { committed: [], standings: new Map() }
    const result = this.#writer.write(() => {
      this.#forgetIfChanged()
      return work(landing)
    })
    return { result, landing }
  }

  /** Keeps where the streams stand now, and tells subscribers what has become durable. */
  publish({ committed, standings }: Landing): void {
    if (this.#standings.size > STANDINGS) this.#standings.clear()
    for (const [name, standing] of standings) this.#standings.set(name, standing)
    if (committed.length === 0) return
    for (const listener of this.#listeners) listener(committed)
  }

  /** Lands one batch inside the open transaction, adding what it did to `landing`. */
  land(batch: LogBatch, landing: Landing): LogOutcome {
    const standings = batch.parts.map((part) => this.#standingIn(landing, batch.team, part.stream))
    const stale = batch.parts.filter(({ expected }, i) => {
      const head = standings[i]?.head ?? null
      return head?.seq !== expected?.seq || (head !== null && !sameBytes(expected?.hash, head.hash))
    })
    if (stale.length > 0) {
      if (this.#isRepeated(batch, standings)) return { state: 'repeated' }
      return { state: 'stale', streams: stale.map((part) => part.stream) }
    }
    // One row more in a stream that is there is all or nothing by itself.
    const isOneRow =
      batch.parts.reduce((sum, part) => sum + part.entries.length, 0) === 1 &&
      batch.parts.every((part, i) => part.entries.length === 0 || standings[i]?.number != null)
    if (!isOneRow) this.#savepoint.run()
    const numbers: (number | null)[] = standings.map((standing) => standing.number)
    let stream = ''
    let id = ''
    try {
      for (const [i, part] of batch.parts.entries()) {
        stream = part.stream
        if (part.entries.length === 0) continue
        const number = numbers[i] ?? this.#newStream(batch.team, part.stream)
        numbers[i] = number
        let seq = part.expected === null ? 0 : part.expected.seq + 1
        for (const entry of part.entries) {
          id = entry.id
          this.#insert.run(number, seq++, fromHex(entry.id), entry.hash, entry.bytes)
        }
      }
    } catch (cause) {
      if (!isConstraint(cause)) throw cause
      if (!isOneRow) this.#writer.db.exec('ROLLBACK TO batch; RELEASE batch')
      return { state: 'id_reused', stream, id }
    }
    if (!isOneRow) this.#release.run()
    for (const [i, part] of batch.parts.entries()) {
      if (part.entries.length === 0) continue
      const committed = committedPart(batch.team, part)
      landing.committed.push(committed)
      landing.standings.set(nameOf(batch.team, part.stream), {
        number: numbers[i] ?? null,
        head: committed.head,
      })
    }
    return { state: 'appended' }
  }

  async has(batch: LogBatch): Promise<boolean> {
    return this.#writer.read(() =>
      this.#isRepeated(
        batch,
        batch.parts.map((part) => this.#standingOf(batch.team, part.stream)),
      ),
    )
  }

  async read(team: string, stream: string, from: number, limit: ReadLimit): Promise<readonly Uint8Array[]> {
    return this.#writer.read(() => {
      const found: Uint8Array[] = []
      let bytes = 0
      for (const row of this.#range.iterate(team, stream, from, Math.max(1, limit.entries))) {
        const entry = row.bytes as Uint8Array
        bytes += entry.length
        if (found.length > 0 && bytes > limit.bytes) break
        found.push(entry)
      }
      return found
    })
  }

  async heads(team: string): Promise<ReadonlyMap<string, Head>> {
    return this.#writer.read(
      () =>
        new Map(
          this.#heads
            .all(team)
            .map((row) => [row.name as string, { seq: row.seq as number, hash: row.hash as Uint8Array }]),
        ),
    )
  }

  subscribe(listener: (committed: readonly Committed[]) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #standingIn(landing: Landing, team: string, stream: string): Standing {
    const name = nameOf(team, stream)
    const known = landing.standings.get(name) ?? this.#standings.get(name)
    if (known !== undefined) return known
    const standing = this.#standingOf(team, stream)
    landing.standings.set(name, standing)
    return standing
  }

  /** Nobody else writes the file while this server runs; should somebody all the same, what was kept of it is worth nothing. */
  #forgetIfChanged(): void {
    const version = this.#version.get()?.data_version
    if (version !== this.#knownVersion) this.#standings.clear()
    this.#knownVersion = version
  }

  #standingOf(team: string, stream: string): Standing {
    const row = this.#standing.get(team, stream)
    if (row === undefined) return { number: null, head: null }
    const head = row.seq === null ? null : { seq: row.seq as number, hash: row.hash as Uint8Array }
    return { number: row.number as number, head }
  }

  #newStream(team: string, stream: string): number {
    return Number(this.#addStream.run(team, stream).lastInsertRowid)
  }

  /** Guards do not count: what had landed had passed them. */
  #isRepeated(batch: LogBatch, standings: readonly Standing[]): boolean {
    return (
      batch.parts.some((part) => part.entries.length > 0) &&
      batch.parts.every((part, i) => this.#isThere(standings[i]?.number ?? null, part))
    )
  }

  #isThere(number: number | null, part: LogPart): boolean {
    if (part.entries.length === 0) return true
    if (number === null) return false
    const first = part.expected === null ? 0 : part.expected.seq + 1
    return part.entries.every((entry, i) => {
      const row = this.#hashAt.get(number, first + i)
      return row !== undefined && sameBytes(row.hash, entry.hash) && sameBytes(row.bytes, entry.bytes)
    })
  }
}

const committedPart = (team: string, part: LogPart): Committed => {
  const from = part.expected === null ? 0 : part.expected.seq + 1
  const last = part.entries[part.entries.length - 1] as LogEntry
  return {
    team,
    stream: part.stream,
    from,
    entries: part.entries.map((entry) => entry.bytes),
    head: { seq: from + part.entries.length - 1, hash: last.hash },
  }
}
