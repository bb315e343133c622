import { decode, encode, mapOf } from './cbor.ts'
import type { Entry } from './entry.ts'
import { Fields } from './fields.ts'
import { FormatError } from './format-error.ts'
import { openBlob } from './open-blob.ts'
import type { Findings } from './report.ts'

const OPENED = ['none', 'approvals', 'records'] as const
export type Opened = (typeof OPENED)[number]
export const openedOf = (text: string): Opened => {
  const known = OPENED.find((each) => each === text)
  if (known === undefined) throw new FormatError('an unknown way to open')
  return known
}

const APPROVAL_TYPES = new Set(['request.create', 'approval.give'])

/** A record that a device wrote about itself, opened. */
export interface OpenedRecord {
  readonly member: string
  readonly device: string
  readonly record: Fields
}

/** Opens with the keys an exporter disclosed what the entries have sealed, and follows the numbering of audit records. */
export class Contents {
  readonly #opened: Opened
  readonly #findings: Findings
  readonly #onRecord: (record: OpenedRecord) => void
  #segment: { readonly id: string; next: number } | null = null
  #stream = ''
  records = 0

  constructor(opened: Opened, findings: Findings, onRecord: (record: OpenedRecord) => void) {
    this.#opened = opened
    this.#findings = findings
    this.#onRecord = onRecord
  }

  /** The opened body of a ledger entry; null where it was not opened. Audit records go to `onRecord`. */
  take(entry: Entry, key: Uint8Array | null): Uint8Array | null {
    const allowed =
      key === null ||
      this.#opened === 'records' ||
      (this.#opened === 'approvals' && entry.stream === 'ledger' && APPROVAL_TYPES.has(entry.type))
    if (!allowed) {
      const message = `Entry ${entry.seq} of ${entry.stream} is opened, which the file says it is not.`
      this.#findings.add('damaged', 'disclosure.unmarked', message)
    }
    if (entry.stream === 'ledger') return this.#body(entry, key)
    if (entry.stream.startsWith('a/')) this.#audit(entry, key)
    else if (key !== null) this.#false(entry)
    return null
  }

  #body(entry: Entry, key: Uint8Array | null): Uint8Array | null {
    if (key === null) return null
    const { team, stream, id, plain, body } = entry
    const context = encode(
      mapOf({ type: 'entry-body', team, stream, id, epoch: plain.whole('teamKeyEpoch') }),
    )
    const opened = body === null ? null : openBlob(key, context, body)
    if (opened === null) this.#false(entry)
    return opened
  }

  #audit(entry: Entry, key: Uint8Array | null): void {
    const { stream, plain, team, device } = entry
    if (this.#stream !== stream) {
      this.#stream = stream
      this.#segment = null
    }
    if (entry.type === 'audit.segment') {
      this.#segment = { id: plain.id('segment'), next: 0 }
      if (key !== null) this.#false(entry)
      return
    }
    const segment = plain.id('segment')
    const first = plain.whole('first')
    const count = plain.whole('count')
    if (this.#segment?.id !== segment || this.#segment.next !== first) {
      const message = `Entry ${entry.seq} of ${stream} does not continue the records before it: some were left out.`
      this.#findings.add('damaged', 'audit.gap', message)
    }
    this.#segment = { id: segment, next: first + count }
    if (key === null) return
    const context = encode(mapOf({ type: 'audit-records', team, device, segment, first, count }))
    const opened = openBlob(key, context, plain.bytes('records'))
    const records = opened === null ? null : decode(opened)
    if (!Array.isArray(records) || records.length !== count) {
      this.#false(entry)
      return
    }
    for (const record of records) {
      this.records += 1
      this.#onRecord({ member: entry.member, device, record: new Fields(record) })
    }
  }

  #false(entry: Entry): void {
    const message = `What is sealed in entry ${entry.seq} of ${entry.stream} does not open with the key given for it.`
    this.#findings.add('damaged', 'disclosure.false', message)
  }
}
