import { hashOf } from '@countersign/crypto/verify'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import type { Envelope } from '@countersign/schema/entry'
import type { LedgerBody, LedgerPlain } from '@countersign/schema/ledger-entries'
import type { BindingRequest, ChangeRequest, RequestBody } from '@countersign/schema/request'
import { endRequest } from './ending.ts'
import { accessOf, activeMember, atLeast, isAdmin } from './projection-lookup.ts'
import type { RefusalCode } from './refusal.ts'
import { expandRule } from './rule.ts'
import type { LedgerState } from './state.ts'

/** What approvals of a request name. `bytes`: those the body was decoded from. */
const requestHash = (body: RequestBody, bytes = encodeCanonical(body as CborValue)): Uint8Array =>
  hashOf('request', bytes)

/** Open requests one person may have at a time: beyond it somebody is being worn down. */
export const MAX_OPEN_REQUESTS = 100
/** A change request without an environment waits no longer than the longest deadline a policy may set. */
const LONGEST_DEADLINE_MS = 30 * 86_400_000

const openOf = (state: LedgerState, envelope: Envelope): number => {
  let open = 0
  for (const id of state.open) {
    const body = state.requests.get(id)?.body
    if (body?.requester === envelope.member && body.expiresAt >= envelope.time) open += 1
  }
  return open
}

const checkBinding = (state: LedgerState, envelope: Envelope, body: BindingRequest): RefusalCode | null => {
  const { terms } = body
  const environment = state.projection.environments.get(terms.environment)
  const current = state.policies.get(terms.environment)
  if (environment === undefined || current === undefined) return 'environment.unknown'
  if (environment.vault !== terms.vault) return 'vault.unknown'
  const { level } = accessOf(state.projection, terms.environment, envelope.member)
  if (!atLeast(level, 'request')) return 'request.level'
  if (body.policyVersion !== current.version) return 'request.policy_version'
  if (new Set(terms.items).size !== terms.items.length) return 'request.duplicate_items'
  if (new Set(terms.models).size !== terms.models.length) return 'request.duplicate_items'
  if (terms.lease.durationMs > current.policy.maxLeaseMs) return 'request.lease'
  return body.expiresAt - body.createdAt > current.policy.deadlineMs ? 'request.time' : null
}

const checkChange = (state: LedgerState, envelope: Envelope, body: ChangeRequest): RefusalCode | null => {
  const ownCredential = body.change.type === 'credential.add' && body.subject === envelope.member
  if (!ownCredential && !isAdmin(state.projection, envelope.member)) return 'author.not_admin'
  if (body.change.type === 'policy.set') {
    const expansion = expandRule(body.change.policy.rule)
    if (!expansion.ok) return expansion.code
  }
  if (new Set(body.environments).size !== body.environments.length) return 'access.duplicate'
  let deadlineMs = LONGEST_DEADLINE_MS
  for (const environment of body.environments) {
    const policy = state.policies.get(environment)?.policy
    if (policy === undefined) return 'environment.unknown'
    deadlineMs = Math.min(deadlineMs, policy.deadlineMs)
  }
  return body.expiresAt - body.createdAt > deadlineMs ? 'request.time' : null
}

/** L53: see SPEC. */
export const checkRequestCreate = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'request.create'>,
  body: LedgerBody<'request.create'>,
): RefusalCode | null => {
  if (state.requests.has(plain.request)) return 'request.exists'
  const same =
    body.request === plain.request && body.requester === envelope.member && body.device === envelope.device
  if (!same) return 'request.mismatch'
  if (body.createdAt > envelope.time || envelope.time > body.expiresAt) return 'request.time'
  const code =
    body.kind === 'binding' ? checkBinding(state, envelope, body) : checkChange(state, envelope, body)
  if (code !== null) return code
  return openOf(state, envelope) >= MAX_OPEN_REQUESTS ? 'request.too_many' : null
}

export const applyRequestCreate = (
  state: LedgerState,
  envelope: Envelope,
  body: LedgerBody<'request.create'>,
  bytes?: Uint8Array,
): void => {
  state.requests.add({
    request: body.request,
    seq: envelope.seq,
    time: envelope.time,
    body,
    requestHash: requestHash(body, bytes),
    state: 'open',
    approvals: [],
    nonces: [],
    ended: null,
    grant: null,
    carriedOut: null,
  })
  state.open.add(body.request)
}

/** L55: the requester takes their undecided request back; everyone else denies. */
export const checkRequestCancel = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'request.cancel'>,
): RefusalCode | null => {
  const record = state.requests.get(plain.request)
  if (record === undefined) return 'request.unknown'
  if (record.body.requester !== envelope.member) return 'author.not_self'
  return record.state === 'open' ? null : 'request.not_open'
}

export const applyRequestCancel = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'request.cancel'>,
  reason: string,
): void => {
  const record = state.requests.get(plain.request)
  if (record !== undefined) endRequest(state, record, envelope, 'cancelled', reason)
}

/** Whether a request's author could still act on what it asks: the member and device are active, and the level suffices. */
export const requesterStands = (state: LedgerState, body: BindingRequest): boolean => {
  const device = state.projection.devices.get(body.device)
  return (
    activeMember(state.projection, body.requester) !== undefined &&
    device !== undefined &&
    device.removedAt === null &&
    atLeast(accessOf(state.projection, body.terms.environment, body.requester).level, 'request')
  )
}
