import { unrecordedInWords } from '../../src/shared/unrecorded-words.ts'
import type { PersonView } from '../../src/shared/views.ts'
import { ok, type Replies, refused } from '../fixture-bridge.ts'
import { requestDetail, requests } from '../sample-requests.ts'
import { ada, MINUTE, now } from '../sample-team.ts'
import { gone, noRows, type Scene } from '../scene.ts'

/** A request that has this person's approval once it was given. */
const signedBy = (person: PersonView): Partial<Replies> => {
  const detail = requestDetail(requests[0]!.request)
  let { row } = detail
  return {
    'signing.get': () => ok({ ...detail, row }),
    'signing.approve': () => {
      const approvals = [...row.approvals, { person, at: now, narrowed: false }]
      row = { ...row, approvals, mine: 'approved', state: 'awaiting_release' }
      return ok(row)
    },
  }
}

/** The inbox and the signing window. */
export const requestScenes: readonly Scene[] = [
  { name: 'requests', page: 'requests' },
  { name: 'requests-change', page: 'requests', open: requests[1]!.request },
  { name: 'requests-release', page: 'requests', open: requests[3]!.request },
  { name: 'requests-denied', page: 'requests', open: requests[5]!.request },
  {
    name: 'requests-empty',
    page: 'requests',
    status: { waitingRequests: 0 },
    replies: { 'requests.list': () => noRows },
  },
  {
    name: 'requests-change-approved',
    page: 'requests',
    open: requests[1]!.request,
    replies: {
      'request.get': ({ request }) => {
        const detail = requestDetail(request)
        const row = { ...detail.row, state: 'awaiting_release' as const, mine: 'none' as const }
        return ok({ ...detail, row })
      },
    },
  },
  {
    name: 'requests-older',
    page: 'requests',
    replies: { 'requests.list': () => ok({ rows: requests.slice(5), more: true }) },
    status: { waitingRequests: 0 },
  },
  { name: 'requests-failed', page: 'requests', replies: { 'requests.list': () => gone } },
  { name: 'requests-deny', page: 'requests', steps: [{ click: 'Deny' }] },

  { name: 'signing', window: 'signing' },
  { name: 'signing-narrowed', window: 'signing', steps: [{ click: 'Allow less than was asked' }] },
  {
    name: 'signing-change',
    window: 'signing',
    status: { tryOut: true },
    replies: { 'signing.get': () => ok(requestDetail(requests[1]!.request)) },
  },
  {
    name: 'signing-change-unrecorded',
    window: 'signing',
    replies: {
      'signing.get': () =>
        ok({
          ...requestDetail(requests[1]!.request),
          row: { ...requests[1]!, reason: 'Set the policy of llm / production' },
          change: [
            'Set the policy of llm / production',
            'Approved by: two of its approvers, and one of the admins',
            'The person who asks: does not count',
            'Time to decide: 1 day',
            'Longest lease: 7 days (now: 1 day)',
            'Without the server: 3 days',
            'Without another person’s confirmation: 3 days',
            `Audit: ${unrecordedInWords({ maxUnrecordedMs: 15 * MINUTE })} (now: ${unrecordedInWords({})})`,
          ],
        }),
    },
  },
  {
    name: 'signing-signed',
    window: 'signing',
    replies: signedBy(ada),
    steps: [{ click: 'Approve with a touch' }],
  },
  {
    name: 'signing-changed',
    window: 'signing',
    replies: {
      'signing.approve': () =>
        refused({
          code: 'request.changed',
          message: 'The request changed while you were reading it. Nothing was signed.',
          fix: 'Read it again, then decide.',
        }),
    },
    steps: [{ click: 'Approve with a touch' }],
  },
  {
    name: 'signing-decided',
    window: 'signing',
    replies: { 'signing.get': () => ok(requestDetail(requests[4]!.request)) },
  },
  { name: 'signing-failed', window: 'signing', replies: { 'signing.get': () => gone } },
]
