import { open, seal } from '@countersign/crypto/aead'
import { hkdf } from '@countersign/crypto/derive'
import { openSealed, sealTo } from '@countersign/crypto/kem'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { messageKey } from '@countersign/crypto/message-key'
import { Secret } from '@countersign/crypto/secret'
import {
  type AuditRecord,
  type AuditRecords,
  type AuditSegment,
  auditRecordListSchema,
} from '@countersign/schema/audit'
import { decodeCanonical } from '@countersign/schema/canonical'
import type { DeviceId, TeamId } from '@countersign/schema/ids'
import { newId } from '@countersign/schema/ids'
import type { RecordGroup } from './record-groups.ts'

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
const recordsContext = (place: SegmentPlace, segment: string, first: number, count: number) => ({
  type: 'audit-records',
  team: place.team,
  device: place.device,
  segment,
  first,
  count,
})

/** Writes one segment: a fresh key sealed once to the auditors, ratcheted forward at each entry (P18). */
export class SegmentSealer {
  readonly opening: AuditSegment
  readonly #place: SegmentPlace
  #key: Secret
  #spent = false
  #next = 0

  constructor(place: SegmentPlace, auditKey: AuditKey, cause: AuditSegment['cause']) {
    this.#place = place
    this.#key = Secret.random()
    const segment = newId()
    const key = sealTo(auditKey.publicKey, segmentContext(place, segment), this.#key.expose())
    this.opening = { segment, auditEpoch: auditKey.epoch, key, cause }
  }

  /** The `plain` of one `audit.records` entry: one blob for all of a group (docs/decisions/0012). */
  seal({ count, bytes }: RecordGroup): AuditRecords {
    this.advance()
    const { segment } = this.opening
    const first = this.#next
    const records = seal(this.#key, recordsContext(this.#place, segment, first, count), bytes)
    this.#next += count
    this.#spent = true
    return { segment, first, count, records }
  }

  /** Wipes the key of the entry that was sealed last. Called as soon as that is on its way to the disk, which need not wait for it. */
  advance(): void {
    if (!this.#spent) return
    this.#key = ratchet(this.#key)
    this.#spent = false
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
    const { segment, first, count } = entry
    if (segment !== this.#segment || first !== this.#next) return null
    const context = recordsContext(this.#place, segment, first, count)
    const records = auditRecordListSchema.parse(decodeCanonical(open(this.#key, context, entry.records)))
    if (records.length !== count) return null
    this.#next += count
    this.#key = ratchet(this.#key)
    return records
  }

  /** The message key (C23) of the next entry, if it opens; null as above. */
  discloseNext(entry: AuditRecords): Uint8Array | null {
    if (entry.segment !== this.#segment || entry.first !== this.#next) return null
    const key = messageKey(this.#key, entry.records)
    return this.open(entry) === null ? null : key
  }
}
