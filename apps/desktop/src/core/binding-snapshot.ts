import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { type Act, requestStatus } from '@countersign/ledger/quorum'
import { sameTerms } from '@countersign/ledger/terms'
import type { BindingSnapshot, Decision } from '@countersign/local-api/source'
import { nameOf } from './views/people.ts'

const DECISIONS: Readonly<Record<Act['action'], Decision['decision']>> = {
  approved: 'approved',
  released: 'released',
  carried_out: 'released',
  denied: 'denied',
  cancelled: 'cancelled',
  revoked: 'revoked',
  policy_changed: 'cancelled',
  member_removed: 'revoked',
  device_removed: 'revoked',
  access_lost: 'revoked',
}

/** One of this installation's own requests as the verified ledger has it now; undefined for anybody else's. */
export const bindingSnapshot = (session: UnlockedSession, id: string): BindingSnapshot | undefined => {
  const { ledger } = session
  const record = ledger.requests.get(id)
  const status = requestStatus(ledger, id, session.now())
  if (record === undefined || status === undefined || record.body.kind !== 'binding') return undefined
  const { body } = record
  if (body.requester !== session.member || body.device !== session.device.device) return undefined
  const terms = status.terms ?? body.terms
  return {
    id,
    state: status.state,
    application: body.application,
    code: body.code,
    terms,
    narrowed: !sameTerms(terms, body.terms),
    caller: body.caller,
    decisions: status.by.map((act) => ({
      decision: DECISIONS[act.action],
      by: nameOf(ledger, act.member),
      at: act.time,
      reason: act.reason,
    })),
    missing: status.needed,
    expiresAt: status.expiresAt,
    maxUnrecordedMs: ledger.policies.get(terms.environment)?.policy.maxUnrecordedMs ?? 0,
  }
}
