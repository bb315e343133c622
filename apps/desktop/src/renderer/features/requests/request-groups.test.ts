import { describe, expect, it } from 'vitest'
import type { RequestRow } from '../../../shared/views.ts'
import { requestGroups } from './request-groups.ts'

const row = (state: RequestRow['state'], mine: RequestRow['mine']): RequestRow => ({
  request: `${state} ${mine}`,
  kind: 'binding',
  state,
  requester: { member: 'm', name: 'Dai' },
  application: 'evals',
  target: 'llm / production',
  reason: '',
  createdAt: 0,
  expiresAt: 0,
  approvals: [],
  needed: 1,
  mine,
})

describe('the groups of the inbox', () => {
  it('only what waits for a touch is for you; a hand-over and what others decide are open', () => {
    const rows = [
      row('pending', 'can_approve'),
      row('pending', 'approved'),
      row('pending', 'requested'),
      row('awaiting_release', 'can_release'),
      row('granted', 'none'),
      row('expired', 'can_approve'),
    ]
    const groups = requestGroups(rows).map(({ label, rows }) => [label, rows.map(({ request }) => request)])
    expect(groups).toEqual([
      ['For you', ['pending can_approve']],
      ['Open', ['pending approved', 'pending requested', 'awaiting_release can_release']],
      ['Decided', ['granted none', 'expired can_approve']],
    ])
  })

  it('a group of nothing is not there', () => {
    expect(requestGroups([])).toEqual([])
    expect(requestGroups([row('denied', 'none')]).map(({ label }) => label)).toEqual(['Decided'])
  })
})
