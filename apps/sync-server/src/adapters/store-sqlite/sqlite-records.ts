import type { StatementSync } from 'node:sqlite'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import {
  type SignedSeen,
  type SignedWrap,
  signedSeenSchema,
  signedWrapSchema,
} from '@countersign/schema/wire'
import type { RecordStore } from '../../core/store.ts'
import type { SqliteWriter } from './sqlite-writer.ts'

/** Signed statements kept as they came: the newest `seen` of each device, the wraps of each member, nonces that were used. */
export class SqliteRecords implements RecordStore {
  readonly #writer: SqliteWriter
  readonly #putSeen: StatementSync
  readonly #listSeen: StatementSync
  readonly #putWrap: StatementSync
  readonly #listWraps: StatementSync
  readonly #forgetNonces: StatementSync
  readonly #useNonce: StatementSync

  constructor(writer: SqliteWriter) {
    this.#writer = writer
    const { db } = writer
    this.#putSeen = db.prepare(
      `INSERT INTO seen (team, device, time, bytes) VALUES (?, ?, ?, ?) ON CONFLICT (team, device)
       DO UPDATE SET time = excluded.time, bytes = excluded.bytes WHERE excluded.time > seen.time`,
    )
    this.#listSeen = db.prepare('SELECT bytes FROM seen WHERE team = ? ORDER BY time DESC LIMIT 2000')
    this.#putWrap = db.prepare(
      `INSERT INTO wraps (team, member, credential, bytes) VALUES (?, ?, ?, ?)
       ON CONFLICT (team, member, credential) DO UPDATE SET bytes = excluded.bytes`,
    )
    this.#listWraps = db.prepare('SELECT bytes FROM wraps WHERE team = ? AND member = ?')
    this.#forgetNonces = db.prepare('DELETE FROM used_nonces WHERE expires_at <= ?')
    this.#useNonce = db.prepare('INSERT OR IGNORE INTO used_nonces (nonce, expires_at) VALUES (?, ?)')
  }

  async putSeen(seen: SignedSeen): Promise<boolean> {
    const { team, device, time } = seen.statement
    return this.#writer.write(
      () => this.#putSeen.run(team, device, time, encodeCanonical(seen)).changes === 1,
    )
  }

  async listSeen(team: string): Promise<readonly SignedSeen[]> {
    return this.#writer.read(() =>
      this.#listSeen.all(team).map((row) => signedSeenSchema.parse(decodeCanonical(row.bytes as Uint8Array))),
    )
  }

  async putWrap(wrap: SignedWrap): Promise<void> {
    const { team, member, credential } = wrap.record
    this.#writer.write(() => this.#putWrap.run(team, member, credential, encodeCanonical(wrap)))
  }

  async listWraps(team: string, member: string): Promise<readonly SignedWrap[]> {
    return this.#writer.read(() =>
      this.#listWraps
        .all(team, member)
        .map((row) => signedWrapSchema.parse(decodeCanonical(row.bytes as Uint8Array))),
    )
  }

  async useNonce(nonce: Uint8Array, expiresAt: number, now: number): Promise<boolean> {
    return this.#writer.write(() => {
      this.#forgetNonces.run(now)
      return this.#useNonce.run(nonce, expiresAt).changes === 1
    })
  }
}
