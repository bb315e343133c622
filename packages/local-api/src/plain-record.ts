import type { AuditAction, AuditRecord } from '@countersign/schema/audit'

/** A record about nothing in particular: the base of every other. Members in the order of their encoding, which then need not be sorted. */
export const plainRecord = (time: number, action: AuditAction, outcome: string): AuditRecord => ({
  item: null,
  time,
  count: 1,
  action,
  caller: null,
  detail: '',
  binding: null,
  outcome,
  version: null,
  application: null,
  environment: null,
})
