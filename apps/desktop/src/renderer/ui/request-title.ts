import type { RequestRow } from '../../shared/views.ts'

/** What a request is called: the program that asks, or the change in words. */
export const requestTitle = (row: Pick<RequestRow, 'kind' | 'application' | 'reason'>): string =>
  row.kind === 'binding' || row.reason === '' ? row.application : row.reason
