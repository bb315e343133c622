import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { idSchema, newId } from '@countersign/schema/ids'
import { z } from 'zod'
import { ClientError } from '../client-error.ts'
import type { LocalStore } from '../store/local-store.ts'
import type { AuditDraft, AuditLog } from './audit-writer.ts'

const PREFIX = 'audit-out/'
const keyOf = (number: number): string => PREFIX + String(number).padStart(14, '0')

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

/** Most entries, and about how many bytes, are sent at once. */
const BATCH = 200
const BATCH_BYTES = 2_000_000

/**
 * The device's audit log on its own disk: `append` resolves after the disk has it, whether or not the server can be reached; `flush` sends
 * what waits, in order, each entry once.
 */
export class AuditJournal implements AuditLog {
  readonly #store: LocalStore
  #next: number
  #waiting: number
  #flushing: Promise<void> | null = null

  private constructor(store: LocalStore, next: number, waiting: number) {
    this.#store = store
    this.#next = next
    this.#waiting = waiting
  }

  static async open(store: LocalStore): Promise<AuditJournal> {
    let next = 0
    let waiting = 0
    for await (const page of store.range(PREFIX)) {
      for (const [key] of page) {
        next = Number(key.slice(PREFIX.length)) + 1
        waiting += 1
      }
    }
    return new AuditJournal(store, next, waiting)
  }

  /** Entries that the server does not have yet. */
  get waiting(): number {
    return this.#waiting
  }

  async append(drafts: readonly AuditDraft[]): Promise<void> {
    const puts = drafts.map(({ type, plain }): [string, Uint8Array] => [
      keyOf(this.#next++),
      encodeCanonical({ id: newId(), type, plain: plain as CborValue }),
    ])
    try {
      await this.#store.batch({ puts }, { durable: true })
    } catch (cause) {
      throw new ClientError('audit.failed', 'The audit record could not be written to the disk.', {
        cause,
        fix: 'Nothing is served until it can: free some space on the disk that holds the profile.',
      })
    }
    this.#waiting += puts.length
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
      const keys: string[] = []
      const entries: WaitingAuditEntry[] = []
      let bytesRead = 0
      for await (const page of this.#store.range(PREFIX, { limit: BATCH })) {
        for (const [key, bytes] of page) {
          if (bytesRead > BATCH_BYTES) break
          bytesRead += bytes.length
          keys.push(key)
          entries.push(waitingSchema.parse(decodeCanonical(bytes)))
        }
      }
      if (entries.length === 0) return
      const known = await uplink.known(entries.map(({ id }) => id))
      const unsent = entries.filter(({ id }) => !known.has(id))
      if (unsent.length > 0 && !(await uplink.append(unsent))) return
      await this.#store.batch({ puts: [], dels: keys }, { durable: false })
      this.#waiting -= keys.length
    }
  }
}
