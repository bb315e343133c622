import type { StatementSync } from 'node:sqlite'
import { type MailboxSlot, mailboxSlotSchema } from '@countersign/schema/wire'
import type { MailboxRecord, MailboxStore } from '../../core/store.ts'
import type { SqliteWriter } from './sqlite-writer.ts'

export class SqliteMailboxes implements MailboxStore {
  readonly #writer: SqliteWriter
  readonly #forget: StatementSync
  readonly #count: StatementSync
  readonly #open: StatementSync
  readonly #get: StatementSync
  readonly #slots: StatementSync
  readonly #post: StatementSync
  readonly #pin: StatementSync
  readonly #close: StatementSync

  constructor(writer: SqliteWriter) {
    this.#writer = writer
    const { db } = writer
    this.#forget = db.prepare('DELETE FROM mailboxes WHERE team = ? AND expires_at <= ?')
    this.#count = db.prepare('SELECT count(*) AS n FROM mailboxes WHERE team = ?')
    this.#open = db.prepare(
      'INSERT OR IGNORE INTO mailboxes (mailbox, team, member, expires_at) VALUES (?, ?, ?, ?)',
    )
    this.#get = db.prepare('SELECT team, member, expires_at, joiner FROM mailboxes WHERE mailbox = ?')
    this.#slots = db.prepare('SELECT slot, blob FROM mailbox_slots WHERE mailbox = ?')
    this.#post = db.prepare(
      `INSERT OR IGNORE INTO mailbox_slots (mailbox, slot, blob)
       SELECT mailbox, ?, ? FROM mailboxes WHERE mailbox = ?`,
    )
    this.#pin = db.prepare('UPDATE mailboxes SET joiner = ? WHERE mailbox = ? AND joiner IS NULL')
    this.#close = db.prepare('DELETE FROM mailboxes WHERE mailbox = ?')
  }

  async open(mailbox: Omit<MailboxRecord, 'joiner' | 'slots'>, limit: number, now: number): Promise<boolean> {
    return this.#writer.write(() => {
      this.#forget.run(mailbox.team, now)
      if ((this.#count.get(mailbox.team)?.n as number) >= limit) return false
      const { changes } = this.#open.run(mailbox.mailbox, mailbox.team, mailbox.member, mailbox.expiresAt)
      return changes === 1
    })
  }

  async get(mailbox: string): Promise<MailboxRecord | undefined> {
    return this.#writer.read(() => {
      const row = this.#get.get(mailbox)
      if (row === undefined) return undefined
      const slots = new Map<MailboxSlot, Uint8Array>()
      for (const each of this.#slots.all(mailbox)) {
        slots.set(mailboxSlotSchema.parse(each.slot), each.blob as Uint8Array)
      }
      return {
        mailbox,
        team: row.team as string,
        member: row.member as string,
        expiresAt: row.expires_at as number,
        joiner: row.joiner as Uint8Array | null,
        slots,
      }
    })
  }

  async post(
    mailbox: string,
    slot: MailboxSlot,
    blob: Uint8Array,
    joiner: Uint8Array | null,
  ): Promise<boolean> {
    return this.#writer.write(() => {
      if (this.#post.run(slot, blob, mailbox).changes !== 1) return false
      if (joiner !== null) this.#pin.run(joiner, mailbox)
      return true
    })
  }

  async close(mailbox: string): Promise<void> {
    this.#writer.write(() => this.#close.run(mailbox))
  }
}
