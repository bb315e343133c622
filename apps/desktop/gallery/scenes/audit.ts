import { ok } from '../fixture-bridge.ts'
import { auditRows } from '../sample-requests.ts'
import { ada, DAY, now } from '../sample-team.ts'
import { gone, type Scene } from '../scene.ts'

/** The audit. */
export const auditScenes: readonly Scene[] = [
  { name: 'audit-export', page: 'audit', steps: [{ click: 'Export' }] },
  {
    name: 'audit-export-evidence',
    page: 'audit',
    status: { setAside: now - 3 * DAY },
    steps: [{ click: 'Export' }],
  },
  {
    name: 'audit-unreadable',
    page: 'audit',
    steps: [{ click: 'Details of entry 899' }],
  },
  { name: 'audit', page: 'audit', status: { me: { ...ada, roles: ['admin', 'auditor'], approver: true } } },
  {
    name: 'audit-problems',
    page: 'audit',
    replies: {
      'audit.list': ({ limit }) =>
        ok({
          rows: auditRows(limit).map((row, n) => ({ ...row, verified: n !== 7 })),
          total: limit,
          streams: 9,
          verified: false,
          problems: ['The journal of “Laptop for travelling” misses entries 41 to 44.'],
        }),
    },
  },
  {
    name: 'audit-empty',
    page: 'audit',
    replies: { 'audit.list': () => ok({ rows: [], total: 0, streams: 1, verified: true, problems: [] }) },
  },
  { name: 'audit-failed', page: 'audit', replies: { 'audit.list': () => gone } },
]
