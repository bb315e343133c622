import type { DeviceId, MemberId, RequestId } from '@countersign/schema/ids'
import type { Terms } from '@countersign/schema/request'
import { countedApprovals, eligibilityIn, environmentsOf, excluded, waysOf } from './eligible.ts'
import { activeMembers } from './projection-lookup.ts'
import { filledPlaces, type Progress, progress } from './rule.ts'
import type { Ending, LedgerState, RequestRecord } from './state.ts'
import { intersectTerms } from './terms.ts'

const nearest = (all: readonly Progress[]): Progress | undefined =>
  all.reduce<Progress | undefined>(
    (best, each) => (best === undefined || each.needed < best.needed ? each : best),
    undefined,
  )

/** Whether a request has its quorum at `time`, in every environment it concerns, under the current policies (L51, L52). */
export const hasQuorum = (state: LedgerState, record: RequestRecord, time: number): boolean => {
  const people = countedApprovals(state, record, time).map((approval) => approval.member)
  return environmentsOf(record).every((environment) => {
    const policy = state.policies.get(environment)?.policy
    if (policy === undefined) return false
    const ways = progress(waysOf(policy), people, eligibilityIn(state.projection, environment))
    return ways.some((way) => way.satisfied)
  })
}

/** L57: what the request asks, narrowed by every approval that counts; null for a change request. */
export const effectiveTerms = (state: LedgerState, record: RequestRecord, time: number): Terms | null => {
  if (record.body.kind !== 'binding') return null
  let terms: Terms | undefined = record.body.terms
  for (const approval of countedApprovals(state, record, time)) {
    if (terms !== undefined && approval.terms !== null) terms = intersectTerms(terms, approval.terms)
  }
  return terms ?? null
}

/** Who could still approve so that it helps, and how many are needed at least. */
const missingFor = (
  state: LedgerState,
  record: RequestRecord,
  time: number,
): { needed: number; people: MemberId[] } => {
  const approved = countedApprovals(state, record, time).map((approval) => approval.member)
  const candidates = activeMembers(state.projection)
    .map((each) => each.member)
    .filter((member) => !approved.includes(member) && !excluded(state, record, member))
  const helping = new Set<MemberId>()
  let needed = 0
  for (const environment of environmentsOf(record)) {
    const policy = state.policies.get(environment)?.policy
    if (policy === undefined) continue
    const isEligible = eligibilityIn(state.projection, environment)
    const ways = progress(waysOf(policy), approved, isEligible)
    const best = nearest(ways)
    if (best === undefined || best.satisfied) continue
    needed = Math.max(needed, best.needed)
    for (const { waiting } of ways) {
      if (waiting === undefined) continue
      const filled = filledPlaces(waiting.step, waiting.people, isEligible)
      for (const member of candidates) {
        if (filledPlaces(waiting.step, [...waiting.people, member], isEligible) > filled) helping.add(member)
      }
    }
  }
  return { needed, people: candidates.filter((member) => helping.has(member)) }
}

export interface Act {
  readonly member: MemberId
  readonly device: DeviceId
  readonly action: 'approved' | 'released' | 'carried_out' | Ending['cause']
  readonly time: number
  readonly seq: number
  /** What they wrote; empty where nothing was asked. */
  readonly reason: string
}

export type RequestStateName =
  | 'pending'
  | 'awaiting_release'
  | 'granted'
  | 'denied'
  | 'cancelled'
  | 'expired'
  | 'revoked'
  | 'grant_expired'

export interface RequestStatus {
  /** For a change request `awaiting_release` means approved and not yet carried out, `granted` carried out. */
  readonly state: RequestStateName
  /** Who did what, in ledger order. */
  readonly by: readonly Act[]
  /** While pending: how many people are needed at least, and everybody whose approval would help. */
  readonly needed: number
  readonly missing: readonly MemberId[]
  /** The granted terms; before that, what is left after the approvals so far. Null for a change request. */
  readonly terms: Terms | null
  /** When the request, or once granted the grant, ends. */
  readonly expiresAt: number
  /** Why it ended, if something or somebody ended it. */
  readonly cause: Ending['cause'] | null
}

const actsOf = (record: RequestRecord): Act[] => {
  const acts: Act[] = record.approvals.map(({ member, device, time, seq }) => ({
    member,
    device,
    action: 'approved',
    time,
    seq,
    reason: '',
  }))
  const { grant, carriedOut } = record
  if (grant !== null) {
    const { issuer, device, time, seq } = grant
    acts.push({ member: issuer, device, action: 'released', time, seq, reason: '' })
  }
  if (carriedOut !== null) acts.push({ ...carriedOut, action: 'carried_out', reason: '' })
  for (const ending of [record.ended, grant?.revoked ?? null]) {
    if (ending !== null) {
      const { member, device, time, seq, cause, reason } = ending
      acts.push({ member, device, action: cause, time, seq, reason })
    }
  }
  return acts.sort((a, b) => a.seq - b.seq)
}

const stateOf = (state: LedgerState, record: RequestRecord, now: number): RequestStateName => {
  if (record.state === 'denied' || record.state === 'cancelled') return record.state
  if (record.state === 'done') return 'granted'
  if (record.grant !== null) {
    if (record.grant.revoked !== null) return 'revoked'
    return now > record.grant.expiresAt ? 'grant_expired' : 'granted'
  }
  if (now > record.body.expiresAt) return 'expired'
  return hasQuorum(state, record, now) ? 'awaiting_release' : 'pending'
}

/** Where a request stands at `now`, by whom, and what is missing; undefined for an unknown id (L70). */
export const requestStatus = (
  state: LedgerState,
  requestId: RequestId,
  now: number,
): RequestStatus | undefined => {
  const record = state.requests.get(requestId)
  if (record === undefined) return undefined
  const name = stateOf(state, record, now)
  const missing = name === 'pending' ? missingFor(state, record, now) : { needed: 0, people: [] }
  return {
    state: name,
    by: actsOf(record),
    needed: missing.needed,
    missing: missing.people,
    terms: record.grant?.terms ?? effectiveTerms(state, record, now),
    expiresAt: record.grant?.expiresAt ?? record.body.expiresAt,
    cause: (record.grant?.revoked ?? record.ended)?.cause ?? null,
  }
}
