import type { RequestRow } from '../../../shared/views.ts'
import { isOpen } from '../../ui/request-words.ts'

export interface RequestGroup {
  label: 'For you' | 'Open' | 'Decided'
  rows: RequestRow[]
}

/**
 * The inbox in its order. For you: what waits for this person's touch, as many as the sidebar counts. What only waits to be handed over
 * is not among them: apps of those who may do it do it by themselves (P2, P3).
 */
export const requestGroups = (rows: readonly RequestRow[]): RequestGroup[] => {
  const groups: RequestGroup[] = [
    { label: 'For you', rows: [] },
    { label: 'Open', rows: [] },
    { label: 'Decided', rows: [] },
  ]
  const [mine, open, decided] = groups
  for (const row of rows) {
    const group = !isOpen(row) ? decided : row.mine === 'can_approve' ? mine : open
    group?.rows.push(row)
  }
  return groups.filter((group) => group.rows.length > 0)
}
