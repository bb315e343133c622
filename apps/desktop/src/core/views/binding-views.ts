import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { GrantRecord, RequestRecord } from '@countersign/ledger/state'
import type { RequestId } from '@countersign/schema/ids'
import type { BindingView } from '../../shared/views.ts'
import { personView } from './people.ts'
import { termsView } from './terms-view.ts'

/** How often a binding was read as far as this member may know, and when last. */
export type ReadsOf = (binding: RequestId) => { reads: number; lastRead: number | null }

const stateOf = (grant: GrantRecord, now: number): BindingView['state'] => {
  if (grant.revoked !== null) return 'revoked'
  return now > grant.expiresAt ? 'expired' : 'active'
}

const viewOf = (
  session: UnlockedSession,
  record: RequestRecord,
  grant: GrantRecord,
  readsOf: ReadsOf,
): BindingView | null => {
  const { body } = record
  if (body.kind !== 'binding') return null
  return {
    binding: record.request,
    application: body.application,
    person: personView(session.ledger, body.requester),
    here: grant.device === session.device.device,
    terms: termsView(session, grant.terms),
    state: stateOf(grant, session.now()),
    issuedAt: grant.time,
    expiresAt: grant.expiresAt,
    ...readsOf(record.request),
    approvedBy: record.approvals.map((approval) => personView(session.ledger, approval.member)),
  }
}

export const bindingView = (
  session: UnlockedSession,
  binding: RequestId,
  readsOf: ReadsOf,
): BindingView | null => {
  const record = session.ledger.requests.get(binding)
  return record === undefined || record.grant === null ? null : viewOf(session, record, record.grant, readsOf)
}

/** Live ones first, then newest first. */
export const bindingViews = (session: UnlockedSession, readsOf: ReadsOf): BindingView[] => {
  const views = session.ledger.requests
    .ids()
    .flatMap((binding) => bindingView(session, binding, readsOf) ?? [])
    .reverse()
  return [
    ...views.filter((view) => view.state === 'active'),
    ...views.filter((view) => view.state !== 'active'),
  ]
}
