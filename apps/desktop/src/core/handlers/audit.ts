import { AuditTimeline } from '@countersign/client/audit/audit-timeline'
import { ok } from '@countersign/client/refusal'
import type { AuditRow } from '../../shared/views.ts'
import { unlocked } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { auditRow } from '../views/audit-views.ts'
import { isAuditor } from '../views/people.ts'

const holes: Record<string, string> = {
  'audit.no_key': 'was sealed for auditors of another time, and no key to it was handed on',
  'audit.malformed': 'is no audit entry',
  'audit.gap': 'does not continue what came before it',
  'audit.open_failed': 'does not open',
}

const matches = (row: AuditRow, text: string): boolean =>
  `${row.actor} ${row.action} ${row.target} ${row.outcome} ${row.detail}`.toLowerCase().includes(text)

export const auditHandlers: Handlers<'audit.list'> = {
  'audit.list': async (core, { before, limit, text }) => {
    const outcome = unlocked(core)
    if (!outcome.ok) return outcome
    const session = outcome.value
    const timeline = AuditTimeline.of(session)
    const events = await timeline.read()
    const wanted = text.trim().toLowerCase()
    const rows = events
      .map((event) => auditRow(session, event))
      .filter((row) => wanted === '' || matches(row, wanted))
    const end = before === null ? rows.length : Math.max(0, Math.min(before, rows.length))
    const auditor = isAuditor(session.ledger, session.member)
    const problems = timeline.problems
      .filter(({ code }) => auditor || code !== 'audit.no_key')
      .map(({ device, seq, code }) => {
        const name = session.ledger.names.devices.get(device) ?? 'a device'
        return `Entry ${seq} of ${name} ${holes[code] ?? 'cannot be read'}.`
      })
    return ok({
      rows: rows.slice(Math.max(0, end - limit), end).reverse(),
      total: rows.length,
      streams: timeline.streams,
      verified: problems.length === 0 && core.device?.replica.status().alarm == null,
      problems,
    })
  },
}
