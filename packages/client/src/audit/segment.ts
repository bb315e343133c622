import { open, seal } from '@countersign/crypto/aead'
import { hkdf } from '@countersign/crypto/derive'
import { openSealed, sealTo } from '@countersign/crypto/kem'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { Secret } from '@countersign/crypto/secret'
import {
  type AuditRecord,
  type AuditRecords,
  type AuditSegment,
  auditRecordSchema,
} from '@countersign/schema/audit'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { DeviceId, TeamId } from '@countersign/schema/ids'
import { newId } from '@countersign/schema/ids'

/** Which audit stream a segment belongs to. */
export interface SegmentPlace {
  readonly team: TeamId
  readonly device: DeviceId
}

/** The auditors' current public key, as the ledger's plain side names it. */
export interface AuditKey {
  readonly epoch: number
  readonly publicKey: Uint8Array
}

const NO_SALT = new Uint8Array(0)

/** The key of the next entry; the one before is wiped, so a device that is taken later cannot open what it wrote earlier. */
const ratchet = (key: Secret): Secret => {
  const next = hkdf(key, NO_SALT, 'audit-ratchet')
  key.wipe()
  return next
}

const segmentContext = (place: SegmentPlace, segment: string) => ({
  type: 'audit-segment',
  ...place,
  segment,
})
const recordContext = (place: SegmentPlace, segment: string, index: number) => ({
  type: 'audit-record',
  ...place,
  segment,
  index,
})

/** Writes one segment: a fresh key sealed once to the auditors, ratcheted forward at each entry (P18). */
export class SegmentSealer {
  readonly opening: AuditSegment
  readonly #place: SegmentPlace
  #key: Secret
  #next = 0

  constructor(place: SegmentPlace, auditKey: AuditKey, cause: AuditSegment['cause']) {
    this.#place = place
    this.#key = Secret.random()
    const segment = newId()
    const key = sealTo(auditKey.publicKey, segmentContext(place, segment), this.#key.expose())
    this.opening = { segment, auditEpoch: auditKey.epoch, key, cause }
  }

  /** The `plain` of one `audit.records` entry. */
  seal(records: readonly AuditRecord[]): AuditRecords {
    const segment = this.opening.segment
    const first = this.#next
    const sealed = records.map((record, i) =>
      seal(this.#key, recordContext(this.#place, segment, first + i), encodeCanonical(record)),
    )
    this.#next += records.length
    this.#key = ratchet(this.#key)
    return { segment, first, count: records.length, records: sealed }
  }

  wipe(): void {
    this.#key.wipe()
  }
}

/** Opens one segment, entry after entry in stream order. Throws CryptoError on anything that was not written for this place. */
export class SegmentOpener {
  readonly #place: SegmentPlace
  readonly #segment: string
  #key: Secret
  #next = 0

  constructor(place: SegmentPlace, auditKeys: KeyPair, opening: AuditSegment) {
    this.#place = place
    this.#segment = opening.segment
    this.#key = Secret.take(openSealed(auditKeys, segmentContext(place, opening.segment), opening.key))
  }

  /** The records of the next entry; null where the entry does not continue this segment (a gap or another segment). */
  open(entry: AuditRecords): AuditRecord[] | null {
    if (entry.segment !== this.#segment || entry.first !== this.#next || entry.count !== entry.records.length)
      return null
    const records = entry.records.map((blob, i) =>
      auditRecordSchema.parse(
        decodeCanonical(open(this.#key, recordContext(this.#place, this.#segment, entry.first + i), blob)),
      ),
    )
    this.#next += entry.count
    this.#key = ratchet(this.#key)
    return records
  }
}
