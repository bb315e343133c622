import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { RequestRecord } from '@countersign/ledger/state'
import type { BindingView } from '../../shared/views.ts'
import { personOf } from './names.ts'
import { termsView } from './request-view.ts'

/** Reads this installation served for a binding since it was unlocked. */
export interface ReadCount {
  readonly reads: number
  readonly lastRead: number | null
}

export const bindingView = (
  session: UnlockedSession,
  record: RequestRecord,
  count: ReadCount,
): BindingView | undefined => {
  const { body, grant } = record
  if (body.kind !== 'binding' || grant === null) return undefined
  const expired = session.now() > grant.expiresAt
  return {
    binding: record.request,
    application: body.application,
    person: personOf(session.ledger, body.requester),
    here: body.device === session.device.device,
    terms: termsView(session, grant.terms),
    state: grant.revoked !== null ? 'revoked' : expired ? 'expired' : 'active',
    issuedAt: grant.time,
    expiresAt: grant.expiresAt,
    reads: count.reads,
    lastRead: count.lastRead,
    approvedBy: record.approvals.map(({ member }) => personOf(session.ledger, member)),
  }
}
