import { type AuditRecord, auditRecordListSchema, MAX_AUDIT_RECORDS } from '@countersign/schema/audit'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import { describe, expect, it } from 'vitest'
import { recordGroups } from './record-groups.ts'

const record = (detail: string, executable: string | null = null): AuditRecord => ({
  time: 1_800_000_000_000,
  action: 'binding.requested',
  outcome: 'ok',
  count: 1,
  binding: newId(),
  environment: null,
  item: null,
  version: null,
  application: 'indexer',
  caller:
    executable === null
      ? null
      : {
          executable,
          executableHash: null,
          pid: 7,
          parents: Array.from({ length: 8 }, () => executable),
          workingDirectory: executable,
          container: null,
          user: 'ada',
          via: 'tcp',
        },
  detail,
})

const read = (records: readonly AuditRecord[]): AuditRecord[][] =>
  recordGroups(records).map(({ count, bytes }) => {
    const list = auditRecordListSchema.parse(decodeCanonical(bytes))
    expect(list).toHaveLength(count)
    return list
  })

describe('groups of audit records', () => {
  it('P18 are canonical lists of every record in order, whatever their number', () => {
    for (const count of [1, 23, 24, 255, 256, 300]) {
      const records = Array.from({ length: count }, (_, i) => record(`read ${i}`))
      const groups = recordGroups(records)
      expect(read(records).flat()).toEqual(records)
      if (groups.length === 1) expect(groups[0]?.bytes).toEqual(Uint8Array.from(encodeCanonical(records)))
    }
    expect(recordGroups([])).toEqual([])
  })

  it('P18 are closed before an entry would hold too many records or bytes', () => {
    const many = Array.from({ length: MAX_AUDIT_RECORDS * 2 }, (_, i) => record(`read ${i}`))
    const long = Array.from({ length: 9 }, (_, i) => record(`ask ${i}`, `/${'é'.repeat(4095)}`))
    for (const records of [many, long, [...long, ...many]]) {
      expect(read(records).flat()).toEqual(records)
      for (const { count, bytes } of recordGroups(records)) {
        expect(count).toBeLessThanOrEqual(MAX_AUDIT_RECORDS)
        expect(count === 1 || bytes.length <= 65_536 + 3).toBe(true)
      }
    }
  })
})
