import { CryptoError } from '@countersign/crypto/crypto-error'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { type AuditRecord, auditRecordsSchema, auditSegmentSchema } from '@countersign/schema/audit'
import { CanonicalError } from '@countersign/schema/canonical'
import type { Envelope } from '@countersign/schema/entry'
import type { DeviceId, MemberId } from '@countersign/schema/ids'
import { z } from 'zod'
import { SegmentOpener, type SegmentPlace } from './segment.ts'

/** One record with where it stands; its entry's signature and chain were verified by the replica. */
export interface AuditFact {
  readonly member: MemberId
  readonly device: DeviceId
  readonly seq: number
  /** Number of the record inside its entry. */
  readonly index: number
  /** The ledger position the writer had seen: what orders facts across devices. */
  readonly ledgerSeq: number
  readonly record: AuditRecord
}

/** Something an audit stream shows that an honest writer does not write, or that this auditor has no key for. */
export interface AuditProblem {
  readonly device: DeviceId
  readonly seq: number
  readonly code: 'audit.no_key' | 'audit.malformed' | 'audit.gap' | 'audit.open_failed'
}

/** Reads one device's audit stream, envelope after envelope in order. */
export class AuditReader {
  readonly #place: SegmentPlace
  readonly #auditKeys: (epoch: number) => KeyPair | undefined
  #opener: SegmentOpener | null = null

  constructor(place: SegmentPlace, auditKeys: (epoch: number) => KeyPair | undefined) {
    this.#place = place
    this.#auditKeys = auditKeys
  }

  read(envelope: Envelope): { facts: AuditFact[]; problem: AuditProblem | null } {
    const problem = (code: AuditProblem['code']) => ({
      facts: [],
      problem: { device: this.#place.device, seq: envelope.seq, code },
    })
    try {
      if (envelope.type === 'audit.segment') {
        const opening = auditSegmentSchema.safeParse(envelope.plain)
        if (!opening.success) return problem('audit.malformed')
        const keys = this.#auditKeys(opening.data.auditEpoch)
        this.#opener = keys === undefined ? null : new SegmentOpener(this.#place, keys, opening.data)
        return keys === undefined ? problem('audit.no_key') : { facts: [], problem: null }
      }
      const entry = auditRecordsSchema.safeParse(envelope.plain)
      if (envelope.type !== 'audit.records' || !entry.success) return problem('audit.malformed')
      if (this.#opener === null) return problem('audit.no_key')
      const records = this.#opener.open(entry.data)
      if (records === null) return problem('audit.gap')
      return { facts: records.map((record, index) => this.#fact(envelope, index, record)), problem: null }
    } catch (cause) {
      if (cause instanceof CryptoError) return problem('audit.open_failed')
      // Sealed by a device that has the key, and still no records: its author wrote nonsense.
      if (cause instanceof CanonicalError || cause instanceof z.ZodError) return problem('audit.malformed')
      throw cause
    }
  }

  #fact(envelope: Envelope, index: number, record: AuditRecord): AuditFact {
    const { member, device, seq, ledger } = envelope
    return { member, device, seq, index, ledgerSeq: ledger?.seq ?? -1, record }
  }
}
