import type { RequestRow } from '../../shared/views.ts'
import type { Tone } from './badge.tsx'

/** What each state is called, and how loud it is. */
export const requestState: Record<RequestRow['state'], { label: string; tone: Tone }> = {
  pending: { label: 'waiting for approval', tone: 'warn' },
  awaiting_release: { label: 'approved', tone: 'accent' },
  granted: { label: 'granted', tone: 'good' },
  denied: { label: 'denied', tone: 'bad' },
  cancelled: { label: 'withdrawn', tone: 'neutral' },
  expired: { label: 'expired', tone: 'neutral' },
  revoked: { label: 'revoked', tone: 'bad' },
  grant_expired: { label: 'lease over', tone: 'neutral' },
}

export const isOpen = (row: Pick<RequestRow, 'state'>): boolean =>
  row.state === 'pending' || row.state === 'awaiting_release'
