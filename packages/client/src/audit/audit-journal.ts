import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { idSchema, newId } from '@countersign/schema/ids'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import { type LocalStore, LocalStoreError } from '../store/local-store.ts'
import { AuditOutbox } from './audit-outbox.ts'
import type { AuditDraft, AuditLog } from './audit-writer.ts'

const waitingSchema = z.strictObject({
  id: idSchema,
  type: z.enum(['audit.segment', 'audit.records']),
  plain: z.record(z.string(), z.unknown()),
})
/** A sealed audit entry that is durable here and not yet in the team's stream. */
export type WaitingAuditEntry = z.infer<typeof waitingSchema>

/** Carries waiting entries into the device's audit stream. */
export interface AuditUplink {
  /** Which of these entry ids the stream already has (after a lost acknowledgement). */
  known(ids: readonly string[]): Promise<ReadonlySet<string>>
  /** Signs and appends, all or none; false where that is not possible now. */
  append(entries: readonly WaitingAuditEntry[]): Promise<boolean>
}

/** Whether what `append` rejected with is a disk that is full or fails, and nothing else. */
export const isDiskRefusal = (error: unknown): boolean =>
  error instanceof ClientError &&
  error.code === 'audit.failed' &&
  error.cause instanceof LocalStoreError &&
  (error.cause.code === 'store.full' || error.cause.code === 'store.failed')

/** About how many entries and bytes are sent at once: whole groups. */
const BATCH = 200
const BATCH_BYTES = 2_000_000

/**
 * The device's audit log on its own disk: `append` resolves after the disk has it, whether or not the server can be reached; `flush` sends
 * what waits, in order, each entry once.
 */
export class AuditJournal implements AuditLog {
  readonly #outbox: AuditOutbox
  #flushing: Promise<void> | null = null

  private constructor(outbox: AuditOutbox) {
    this.#outbox = outbox
  }

  static async open(store: LocalStore): Promise<AuditJournal> {
    return new AuditJournal(await AuditOutbox.open(store))
  }

  /** Entries that the server does not have yet. */
  get waiting(): number {
    return this.#outbox.waiting
  }

  async append(drafts: readonly AuditDraft[]): Promise<void> {
    try {
      await this.#outbox.append(
        drafts.map(({ type, plain }) => encodeCanonical({ id: newId(), type, plain: plain as CborValue })),
      )
    } catch (cause) {
      throw new ClientError('audit.failed', 'The audit record could not be written to the disk.', {
        cause,
        fix: 'Nothing is served until it can: free some space on the disk that holds the profile.',
      })
    }
  }

  /** Sends what waits; a second call while one runs joins it. */
  flush(uplink: AuditUplink): Promise<void> {
    this.#flushing ??= this.#send(uplink).finally(() => {
      this.#flushing = null
    })
    return this.#flushing
  }

  async #send(uplink: AuditUplink): Promise<void> {
    for (;;) {
      const { records, end } = await this.#outbox.oldest({ records: BATCH, bytes: BATCH_BYTES })
      const entries = records.map((bytes) => waitingSchema.parse(decodeCanonical(bytes)))
      if (entries.length === 0) return
      const known = await uplink.known(entries.map(({ id }) => id))
      const unsent = entries.filter(({ id }) => !known.has(id))
      if (unsent.length > 0 && !(await uplink.append(unsent))) return
      await this.#outbox.drop(end)
    }
  }
}
