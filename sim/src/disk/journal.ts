import { createHash } from 'node:crypto'

const LENGTH_BYTES = 4
const CHECK_BYTES = 8

const checkOf = (record: Uint8Array): Buffer =>
  createHash('sha256').update(record).digest().subarray(0, CHECK_BYTES)

/** length (4) ‖ first 8 bytes of the SHA-256 ‖ record: a torn one is known. */
export const frameRecord = (record: Uint8Array): Uint8Array => {
  const out = Buffer.alloc(LENGTH_BYTES + CHECK_BYTES + record.length)
  out.writeUInt32BE(record.length, 0)
  out.set(checkOf(record), LENGTH_BYTES)
  out.set(record, LENGTH_BYTES + CHECK_BYTES)
  return new Uint8Array(out)
}

/** The whole records from the start of a journal, and where they end; what comes after the first torn one is lost. */
export const readRecords = (journal: Uint8Array): { records: Uint8Array[]; end: number } => {
  const view = Buffer.from(journal.buffer, journal.byteOffset, journal.length)
  const records: Uint8Array[] = []
  let at = 0
  while (at + LENGTH_BYTES + CHECK_BYTES <= view.length) {
    const start = at + LENGTH_BYTES + CHECK_BYTES
    const end = start + view.readUInt32BE(at)
    if (end > view.length) break
    const record = new Uint8Array(view.subarray(start, end))
    if (!checkOf(record).equals(view.subarray(at + LENGTH_BYTES, start))) break
    records.push(record)
    at = end
  }
  return { records, end: at }
}
