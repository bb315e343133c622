import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { GrantRecord, RequestRecord } from '@countersign/ledger/state'
import type { RequestId } from '@countersign/schema/ids'
import type { BindingView } from '../../shared/views.ts'
import { newest } from './newest.ts'
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

/** Every word must be there: program, person, place, state or credential. */
const finds = (words: readonly string[], { application, person, terms, state }: BindingView): boolean => {
  const items = terms.items.map((item) => item.name).join(' ')
  const text = `${application} ${person.name} ${terms.vaultName} / ${terms.environmentName} ${state} ${items}`
  return words.every((word) => text.toLowerCase().includes(word))
}

/** All that may read, what runs out first on top; then of what has ended the newest `limit`. Only what `text` finds. */
export const bindingViews = (
  session: UnlockedSession,
  readsOf: ReadsOf,
  { limit, text }: { limit: number; text: string },
): { rows: BindingView[]; more: boolean } => {
  const { requests, grants } = session.ledger
  const now = session.now()
  const mayRead = (binding: RequestId): boolean => {
    const grant = grants.has(binding) ? requests.get(binding)?.grant : null
    return grant != null && stateOf(grant, now) === 'active'
  }
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  const { rows, more } = newest(requests.ids(), limit, mayRead, (binding) => {
    const view = bindingView(session, binding, readsOf)
    return view !== null && finds(words, view) ? view : null
  })
  const active = rows.filter((view) => view.state === 'active').sort((a, b) => a.expiresAt - b.expiresAt)
  return { rows: [...active, ...rows.filter((view) => view.state !== 'active')], more }
}
