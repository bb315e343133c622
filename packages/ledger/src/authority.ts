import type { Envelope } from '@countersign/schema/entry'
import { affectedBy, type ChangeContent, carriesOut } from './change.ts'
import { needsNobody } from './eligible.ts'
import { hasQuorum } from './quorum.ts'
import type { RefusalCode } from './refusal.ts'
import type { LedgerState, RequestRecord } from './state.ts'

export type Authority =
  | { readonly ok: true; readonly request: RequestRecord | null }
  | { readonly ok: false; readonly code: RefusalCode }

const no = (code: RefusalCode): Authority => ({ ok: false, code })

/**
 * L30–L33: no self-minted quorum (P3). Before bootstrap is closed, and where every affected policy needs nobody, no authority is
 * needed. Otherwise an open change request about exactly this change, with the quorum of every affected environment's current policy,
 * its requester and its subject not counted. An authority that is named is checked even where none is needed.
 */
export const checkAuthority = (state: LedgerState, envelope: Envelope, content: ChangeContent): Authority => {
  const affected = affectedBy(state, envelope.member, content)
  const id = content.plain.authority
  if (id === null) {
    if (!state.projection.bootstrapClosed) return { ok: true, request: null }
    const free = affected.environments.every((environment) => {
      const policy = state.policies.get(environment)?.policy
      return policy !== undefined && needsNobody(policy)
    })
    return free ? { ok: true, request: null } : no('authority.required')
  }
  const request = state.requests.get(id)
  if (request === undefined || request.body.kind !== 'change' || request.state !== 'open') {
    return no('authority.unknown')
  }
  const { body } = request
  const same =
    body.subject === affected.subject &&
    carriesOut(content, body.change) &&
    affected.environments.every((each) => body.environments.includes(each))
  if (!same) return no('authority.mismatch')
  if (envelope.time > body.expiresAt) return no('authority.expired')
  return hasQuorum(state, request, envelope.time) ? { ok: true, request } : no('authority.no_quorum')
}

/** Uses an authority up: one approved request, one change. */
export const carryOut = (state: LedgerState, envelope: Envelope, request: RequestRecord): void => {
  const { member, device, seq, time } = envelope
  request.state = 'done'
  request.carriedOut = { member, device, seq, time }
  state.open.delete(request.request)
}
