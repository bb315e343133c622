import { describe, expect, it } from 'vitest'
import type { AuditRow } from '../../../shared/views.ts'
import { mergeRows } from './merge-rows.ts'

const row = (id: string): AuditRow => ({
  id,
  time: 0,
  source: 'ledger',
  actor: 'Ada',
  action: 'approved',
  target: '',
  outcome: 'ok',
  detail: '',
  verified: true,
  seq: 1,
})
const rows = (ids: string): AuditRow[] => [...ids].map(row)

describe('pages of the audit', () => {
  it('overlap without a row twice or out of order', () => {
    expect(mergeRows(rows('edcb'), rows('cba')).map((each) => each.id)).toEqual(['e', 'd', 'c', 'b', 'a'])
  })
})
