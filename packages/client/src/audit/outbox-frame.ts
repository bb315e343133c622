import { equalBytes, sha256 } from '@countersign/crypto/hash'

/**
 * One write of the outbox, big-endian: `csao` ‖ check (16) ‖ payload bytes (4) ‖ records (4) ‖ number of the first record (8) ‖ number
 * below which all are sent (8) ‖ payload: each record after its length (4). The check is the first half of the SHA-256 of what follows
 * it: it tells a torn write, not a forged one (the records are sealed).
 */
export interface OutboxFrame {
  readonly first: number
  readonly sent: number
  readonly records: readonly Uint8Array[]
  /** Where the next frame starts. */
  readonly end: number
}

const MAGIC = Buffer.from('csao', 'latin1')
const CHECK_AT = MAGIC.length
const CHECKED_AT = CHECK_AT + 16
export const FRAME_HEAD_BYTES = CHECKED_AT + 24

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length)

const checkOf = (checked: Uint8Array): Uint8Array => sha256(checked).subarray(0, CHECKED_AT - CHECK_AT)

export const writeFrame = (first: number, sent: number, records: readonly Uint8Array[]): Uint8Array => {
  let payload = 0
  for (const record of records) payload += 4 + record.length
  const bytes = new Uint8Array(FRAME_HEAD_BYTES + payload)
  const view = viewOf(bytes)
  bytes.set(MAGIC)
  view.setUint32(CHECKED_AT, payload)
  view.setUint32(CHECKED_AT + 4, records.length)
  view.setBigUint64(CHECKED_AT + 8, BigInt(first))
  view.setBigUint64(CHECKED_AT + 16, BigInt(sent))
  let at = FRAME_HEAD_BYTES
  for (const record of records) {
    view.setUint32(at, record.length)
    bytes.set(record, at + 4)
    at += 4 + record.length
  }
  bytes.set(checkOf(bytes.subarray(CHECKED_AT)), CHECK_AT)
  return bytes
}

/** Bytes of the frame that seems to start at `at`, undefined where none does. Only `readFrame` says whether it is whole. */
export const frameLength = (bytes: Uint8Array, at: number): number | undefined => {
  if (at + FRAME_HEAD_BYTES > bytes.length) return undefined
  for (let i = 0; i < MAGIC.length; i++) if (bytes[at + i] !== MAGIC[i]) return undefined
  return FRAME_HEAD_BYTES + viewOf(bytes).getUint32(at + CHECKED_AT)
}

/** The frame at `at`; undefined where none starts there, or it is torn. */
export const readFrame = (bytes: Uint8Array, at: number): OutboxFrame | undefined => {
  const length = frameLength(bytes, at)
  if (length === undefined || at + length > bytes.length) return undefined
  const end = at + length
  if (
    !equalBytes(checkOf(bytes.subarray(at + CHECKED_AT, end)), bytes.subarray(at + CHECK_AT, at + CHECKED_AT))
  )
    return undefined
  const view = viewOf(bytes)
  const records: Uint8Array[] = []
  const count = view.getUint32(at + CHECKED_AT + 4)
  let from = at + FRAME_HEAD_BYTES
  while (records.length < count) {
    if (from + 4 > end) return undefined
    const to = from + 4 + view.getUint32(from)
    if (to > end) return undefined
    records.push(bytes.slice(from + 4, to))
    from = to
  }
  const first = Number(view.getBigUint64(at + CHECKED_AT + 8))
  const sent = Number(view.getBigUint64(at + CHECKED_AT + 16))
  return from === end ? { first, sent, records, end } : undefined
}

/** Whether a whole frame with records from `number` on starts anywhere after `at`. */
export const hasFrameFrom = (bytes: Uint8Array, at: number, number: number): boolean => {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let found = text.indexOf(MAGIC, at); found !== -1; found = text.indexOf(MAGIC, found + 1)) {
    const frame = readFrame(bytes, found)
    if (frame !== undefined && frame.first >= number) return true
  }
  return false
}
