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
  }

  async append(batches: readonly LogBatch[]): Promise<readonly LogOutcome[]> {
    const committed: Committed[] = []
    const outcomes = this.#writer.write(() => {
      committed.length = 0
      return batches.map((batch) => this.land(batch, committed))
    })
    this.publish(committed)
    return outcomes
  }

  /** Tells subscribers what has become durable. */
  publish(committed: readonly Committed[]): void {
    if (committed.length === 0) return
    for (const listener of this.#listeners) listener(committed)
  }

  /** Lands one batch inside the open transaction, adding what landed to `committed`. */
  land(batch: LogBatch, committed: Committed[]): LogOutcome {
    const standings = batch.parts.map((part) => this.#standingOf(batch.team, part.stream))
    const stale = batch.parts.filter(({ expected }, i) => {
      const head = standings[i]?.head ?? null
      return head?.seq !== expected?.seq || (head !== null && !sameBytes(expected?.hash, head.hash))
    })
    if (stale.length > 0) {
      if (this.#isRepeated(batch, standings)) return { state: 'repeated' }
      return { state: 'stale', streams: stale.map((part) => part.stream) }
    }
    this.#writer.db.exec('SAVEPOINT batch')
    let stream = ''
    let id = ''
    try {
      for (const [i, part] of batch.parts.entries()) {
        stream = part.stream
        if (part.entries.length === 0) continue
        const number = standings[i]?.number ?? this.#newStream(batch.team, part.stream)
        let seq = part.expected === null ? 0 : part.expected.seq + 1
        for (const entry of part.entries) {
          id = entry.id
          this.#insert.run(number, seq++, fromHex(entry.id), entry.hash, entry.bytes)
        }
      }
    } catch (cause) {
      if (!isConstraint(cause)) throw cause
      this.#writer.db.exec('ROLLBACK TO batch; RELEASE batch')
      return { state: 'id_reused', stream, id }
    }
    this.#writer.db.exec('RELEASE batch')
    for (const part of batch.parts)
      if (part.entries.length > 0) committed.push(committedPart(batch.team, part))
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
