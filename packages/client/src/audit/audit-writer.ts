import type { AuditRecord, AuditRecords, AuditSegment } from '@countersign/schema/audit'
import { recordGroups } from './record-groups.ts'
import { type AuditKey, type SegmentPlace, SegmentSealer } from './segment.ts'

/** What goes to the device's own audit stream. */
export type AuditDraft =
  | { readonly type: 'audit.segment'; readonly plain: AuditSegment }
  | { readonly type: 'audit.records'; readonly plain: AuditRecords }

/** The device's own audit stream: `append` resolves once the entries are durable on this machine, and rejects otherwise. */
export interface AuditLog {
  append(drafts: readonly AuditDraft[]): Promise<void>
}

/**
 * Group commit of audit records (P18): what arrives in one turn, or while a write is under way, goes into one entry. Knows only the
 * auditors' public key, so the keyless core uses it as well.
 */
export class AuditWriter {
  readonly #place: SegmentPlace
  readonly #log: AuditLog
  readonly #auditKey: () => AuditKey
  #sealer: SegmentSealer | null = null
  #cause: AuditSegment['cause']
  #waiting: AuditRecord[] = []
  #group: Promise<void> | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(options: {
    place: SegmentPlace
    log: AuditLog
    auditKey: () => AuditKey
    /** Why the first segment of this writer starts. */
    cause: AuditSegment['cause']
  }) {
    this.#place = options.place
    this.#log = options.log
    this.#auditKey = options.auditKey
    this.#cause = options.cause
  }

  /** Resolves when every record is durable; rejects when the log failed: then what was to be audited must be refused. */
  append(records: readonly AuditRecord[]): Promise<void> {
    for (const record of records) this.#waiting.push(record)
    this.#group ??= this.#nextGroup()
    return this.#group
  }

  /** Waits for everything appended so far, whatever its outcome. */
  async settled(): Promise<void> {
    await this.#running.catch(() => undefined)
  }

  #nextGroup(): Promise<void> {
    const group = this.#running
      .catch(() => undefined)
      .then(() => {
        this.#group = null
        const records = this.#waiting
        this.#waiting = []
        return this.#commit(records)
      })
    this.#running = group
    // The callers of `append` hold this promise; this handler only keeps a failed group from counting as unhandled.
    group.catch(() => undefined)
    return group
  }

  async #commit(records: readonly AuditRecord[]): Promise<void> {
    const drafts: AuditDraft[] = []
    const auditKey = this.#auditKey()
    if (this.#sealer !== null && this.#sealer.opening.auditEpoch !== auditKey.epoch) {
      this.#sealer.wipe()
      this.#sealer = null
      this.#cause = 'audit_key_changed'
    }
    const sealer = this.#sealer ?? new SegmentSealer(this.#place, auditKey, this.#cause)
    if (this.#sealer === null) drafts.push({ type: 'audit.segment', plain: sealer.opening })
    this.#sealer = sealer
    try {
      for (const group of recordGroups(records)) {
        drafts.push({ type: 'audit.records', plain: sealer.seal(group) })
      }
      const written = this.#log.append(drafts)
      sealer.advance()
      await written
    } catch (cause) {
      // The ratchet has moved past what was not written, or the opening was not: only a new segment continues from here.
      sealer.wipe()
      this.#sealer = null
      this.#cause = 'start'
      throw cause
    }
  }
}
