import type { Envelope } from '@countersign/schema/entry'
import type { EnvironmentId, ItemId, MemberId } from '@countersign/schema/ids'
import type { LedgerBody, LedgerPlain, Release } from '@countersign/schema/ledger-entries'
import type { BindingRequest, Terms } from '@countersign/schema/request'
import { revokeGrant } from './ending.ts'
import { accessOf, holds, isAdmin } from './projection-lookup.ts'
import { effectiveTerms, hasQuorum } from './quorum.ts'
import { requesterStands } from './reduce-requests.ts'
import type { RefusalCode } from './refusal.ts'
import type { GrantRecord, LedgerState, RequestRecord } from './state.ts'
import { sameTerms } from './terms.ts'

interface BindingRecord extends RequestRecord {
  body: BindingRequest
}
const isBinding = (record: RequestRecord): record is BindingRecord => record.body.kind === 'binding'

/** Exactly one key of each item of the terms, sealed to the requesting device. */
const releasesExactly = (releases: readonly Release[], record: BindingRecord, terms: Terms): boolean => {
  const items = new Set(releases.map((each) => each.item))
  return (
    items.size === releases.length &&
    items.size === terms.items.length &&
    terms.items.every((item) => items.has(item)) &&
    releases.every((each) => each.request === record.request && each.device === record.body.device)
  )
}

/** L62: by a holder, with the quorum at this very position, for exactly what was approved. */
export const checkGrantIssue = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'grant.issue'>,
  body: LedgerBody<'grant.issue'>,
): RefusalCode | null => {
  const record = state.requests.get(plain.request)
  if (record === undefined) return 'request.unknown'
  if (!isBinding(record)) return 'grant.not_binding'
  if (record.state !== 'open') return 'request.not_open'
  if (envelope.time > record.body.expiresAt) return 'request.expired'
  if (!holds(state.projection, record.body.terms.environment, envelope.member)) return 'author.not_holder'
  if (!requesterStands(state, record.body)) return 'request.level'
  if (!hasQuorum(state, record, envelope.time)) return 'grant.no_quorum'
  const terms = effectiveTerms(state, record, envelope.time)
  if (terms === null || !sameTerms(terms, body.terms)) return 'grant.terms'
  if (!releasesExactly(plain.releases, record, terms)) return 'grant.items'
  const { expiresAt } = body
  const latest = envelope.time + terms.lease.durationMs
  return expiresAt <= envelope.time || expiresAt > latest ? 'grant.expiry' : null
}

export const applyGrantIssue = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'grant.issue'>,
  body: LedgerBody<'grant.issue'>,
): void => {
  const record = state.requests.get(plain.request)
  if (record === undefined) return
  const { member, device, seq, time } = envelope
  record.state = 'granted'
  record.grant = {
    issuer: member,
    device,
    seq,
    time,
    terms: body.terms,
    expiresAt: body.expiresAt,
    released: plain.releases.map(({ item, version }) => ({ item, version, seq })),
    revoked: null,
  }
  state.open.delete(record.request)
  state.grants.add(record.request)
}

/** Whether a grant serves at `now`: issued, not revoked, not expired. */
export const isLive = (grant: GrantRecord | null, now: number): grant is GrantRecord =>
  grant !== null && grant.revoked === null && now <= grant.expiresAt

const checkRelease = (state: LedgerState, envelope: Envelope, release: Release): RefusalCode | null => {
  const record = state.requests.get(release.request)
  if (record === undefined || !isBinding(record) || record.grant === null) return 'grant.unknown'
  const { grant } = record
  if (!isLive(grant, envelope.time)) return 'grant.not_live'
  if (!holds(state.projection, grant.terms.environment, envelope.member)) return 'author.not_holder'
  if (release.device !== record.body.device) return 'grant.items'
  const released = grant.released.find((each) => each.item === release.item)
  if (released === undefined) return 'grant.items'
  return release.version > released.version ? null : 'grant.version'
}

/** L63: newer versions' keys, for live grants only; one that may not be released refuses them all. */
export const checkGrantRelease = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'grant.release'>,
): RefusalCode | null => {
  const seen = new Set<string>()
  for (const release of plain.releases) {
    const code = checkRelease(state, envelope, release)
    if (code !== null) return code
    const key = `${release.request}/${release.item}`
    if (seen.has(key)) return 'grant.version'
    seen.add(key)
  }
  return null
}

export const applyGrantRelease = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'grant.release'>,
): void => {
  for (const { request, item, version } of plain.releases) {
    const released = state.requests.get(request)?.grant?.released.find((each) => each.item === item)
    if (released === undefined) continue
    released.version = version
    released.seq = envelope.seq
  }
}

const mayRevoke = (state: LedgerState, record: BindingRecord, member: MemberId): boolean => {
  if (member === record.body.requester || isAdmin(state.projection, member)) return true
  const access = accessOf(state.projection, record.body.terms.environment, member)
  return access.approve || access.level === 'hold'
}

/** L64: the requester, an admin, an approver or a holder. A grant that has expired may still be revoked: clocks differ. */
export const checkGrantRevoke = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'grant.revoke'>,
): RefusalCode | null => {
  const record = state.requests.get(plain.request)
  if (record === undefined || !isBinding(record) || record.grant === null) return 'grant.unknown'
  if (record.grant.revoked !== null) return 'grant.not_live'
  return mayRevoke(state, record, envelope.member) ? null : 'author.not_allowed'
}

export const applyGrantRevoke = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'grant.revoke'>,
  reason: string,
): void => {
  const record = state.requests.get(plain.request)
  if (record !== undefined) revokeGrant(state, record, envelope, 'revoked', reason)
}

export interface LiveGrant {
  readonly record: RequestRecord
  readonly body: BindingRequest
  readonly grant: GrantRecord
}

/** The grants that serve at `now`, of one environment and item where named: whom a rotation releases the new version to (P2). */
export const liveGrants = (
  state: LedgerState,
  now: number,
  where: { readonly environment?: EnvironmentId; readonly item?: ItemId } = {},
): LiveGrant[] => {
  const live: LiveGrant[] = []
  for (const id of state.grants) {
    const record = state.requests.get(id)
    if (record === undefined || !isBinding(record) || !isLive(record.grant, now)) continue
    const { terms } = record.grant
    if (where.environment !== undefined && terms.environment !== where.environment) continue
    if (where.item !== undefined && !terms.items.includes(where.item)) continue
    live.push({ record, body: record.body, grant: record.grant })
  }
  return live
}
