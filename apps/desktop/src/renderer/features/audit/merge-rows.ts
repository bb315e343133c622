import type { AuditRow } from '../../../shared/views.ts'

/** Newer rows before older ones, each once. */
export const mergeRows = (newer: readonly AuditRow[], older: readonly AuditRow[]): AuditRow[] => {
  const known = new Set(newer.map((row) => row.id))
  return [...newer, ...older.filter((row) => !known.has(row.id))]
}
