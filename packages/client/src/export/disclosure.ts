import { CryptoError } from '@countersign/crypto/crypto-error'
import { messageKey } from '@countersign/crypto/message-key'
import { auditRecordsSchema, auditSegmentSchema } from '@countersign/schema/audit'
import { CanonicalError } from '@countersign/schema/canonical'
import type { Envelope } from '@countersign/schema/entry'
import { LEDGER, parseStream } from '@countersign/schema/ids'
import { z } from 'zod'
import { SegmentOpener } from '../audit/segment.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import { openContent } from '../team/entry-body.ts'

/**
 * What the exporter lets the reader open. `none`: nothing. `approvals`: requests and approvals, without which no touch can be
 * checked. `records`: all that the ledger says and what devices recorded. Never a name, note or value of a credential.
 */
export type Opened = 'none' | 'approvals' | 'records'

/** The message key (C23) of what an entry has sealed; null where nothing is disclosed or nothing opens. */
export interface Disclosure {
  readonly opened: Opened
  keyOf(envelope: Envelope): Uint8Array | null
}

export const nothingDisclosed: Disclosure = { opened: 'none', keyOf: () => null }

const APPROVALS = new Set(['request.create', 'approval.give'])

/** Discloses with the keys a member has; entries come stream by stream in order, as the records of a device open only that way. */
export class KeyDisclosure implements Disclosure {
  readonly opened: Opened
  readonly #ring: KeyRing
  #segment: { readonly stream: string; readonly opener: SegmentOpener } | null = null

  constructor(opened: Opened, ring: KeyRing) {
    this.opened = opened
    this.#ring = ring
  }

  keyOf(envelope: Envelope): Uint8Array | null {
    if (this.opened === 'none') return null
    if (envelope.stream === LEDGER) return this.#bodyKey(envelope)
    const stream = parseStream(envelope.stream)
    if (stream.kind !== 'audit' || this.opened !== 'records') return null
    try {
      return this.#recordsKey(envelope, stream.device)
    } catch (error) {
      // Not written for this place, or by nobody honest: it stays closed, and the reader is told so.
      if (error instanceof CryptoError || error instanceof CanonicalError || error instanceof z.ZodError)
        return null
      throw error
    }
  }

  #bodyKey(envelope: Envelope): Uint8Array | null {
    const { type, plain, body } = envelope
    if (body === null || (this.opened === 'approvals' && !APPROVALS.has(type))) return null
    const key = typeof plain.teamKeyEpoch === 'number' ? this.#ring.teamKey(plain.teamKeyEpoch) : null
    // Sealed by nobody honest: no key opens it, so none is given.
    if (key === null || typeof openContent(envelope, () => key) === 'string') return null
    return messageKey(key, body)
  }

  #recordsKey(envelope: Envelope, device: string): Uint8Array | null {
    const { stream, team } = envelope
    if (this.#segment?.stream !== stream) this.#segment = null
    if (envelope.type === 'audit.segment') {
      this.#segment = null
      const opening = auditSegmentSchema.safeParse(envelope.plain)
      const keys = opening.success ? this.#ring.auditKeys(opening.data.auditEpoch) : null
      if (!opening.success || keys === null) return null
      this.#segment = { stream, opener: new SegmentOpener({ team, device }, keys, opening.data) }
      return null
    }
    const records = auditRecordsSchema.safeParse(envelope.plain)
    return records.success ? (this.#segment?.opener.discloseNext(records.data) ?? null) : null
  }
}
