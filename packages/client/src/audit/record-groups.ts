import { type AuditRecord, MAX_AUDIT_RECORDS } from '@countersign/schema/audit'
import { encodeCanonical } from '@countersign/schema/canonical'

/** The records of one entry: the canonical CBOR of their list. */
export interface RecordGroup {
  readonly count: number
  readonly bytes: Uint8Array
}

/** A group is closed before it grows beyond this, so that the sealed blob stays well below what an entry may hold. */
const MAX_GROUP_BYTES = 65_536

/** Head of a CBOR list (RFC 8949, major type 4) of up to 65,535 members. */
const listHead = (count: number): Uint8Array => {
  if (count < 24) return Uint8Array.of(0x80 | count)
  if (count < 0x100) return Uint8Array.of(0x98, count)
  return Uint8Array.of(0x99, count >>> 8, count & 0xff)
}

const groupOf = (encoded: readonly Uint8Array[], length: number): RecordGroup => {
  const head = listHead(encoded.length)
  const bytes = new Uint8Array(head.length + length)
  bytes.set(head)
  let at = head.length
  for (const each of encoded) {
    bytes.set(each, at)
    at += each.length
  }
  return { count: encoded.length, bytes }
}

/** Records in order, as few entries as the limits allow; a record of its own size limit still fits into one. */
export const recordGroups = (records: readonly AuditRecord[]): RecordGroup[] => {
  const groups: RecordGroup[] = []
  let encoded: Uint8Array[] = []
  let length = 0
  for (const record of records) {
    const bytes = encodeCanonical(record)
    const full = encoded.length === MAX_AUDIT_RECORDS || length + bytes.length > MAX_GROUP_BYTES
    if (full && encoded.length > 0) {
      groups.push(groupOf(encoded, length))
      encoded = []
      length = 0
    }
    encoded.push(bytes)
    length += bytes.length
  }
  if (encoded.length > 0) groups.push(groupOf(encoded, length))
  return groups
}
