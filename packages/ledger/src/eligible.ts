import type { EnvironmentId, MemberId } from '@countersign/schema/ids'
import type { Eligible, Policy } from '@countersign/schema/policy'
import { LedgerError } from './ledger-error.ts'
import { accessOf, activeMember, atLeast, isAdmin } from './projection-lookup.ts'
import type { Projection } from './projection-record.ts'
import { type Alternative, expandRule, type IsEligible, leavesOf } from './rule.ts'
import type { ApprovalRecord, LedgerState, RequestRecord } from './state.ts'

/** Whether an active member counts as `of` in an environment, now. */
export const counts = (
  projection: Projection,
  environment: EnvironmentId,
  of: Eligible,
  member: MemberId,
): boolean => {
  if (activeMember(projection, member) === undefined) return false
  if (of.kind === 'admins') return isAdmin(projection, member)
  if (of.kind === 'members') return of.members.includes(member)
  const access = accessOf(projection, environment, member)
  return of.kind === 'approvers' ? access.approve : atLeast(access.level, 'hold')
}

export const eligibilityIn =
  (projection: Projection, environment: EnvironmentId): IsEligible =>
  (of, member) =>
    counts(projection, environment, of, member)

/** Whether a policy counts this person at all. */
export const eligibleUnder = (
  projection: Projection,
  environment: EnvironmentId,
  policy: Policy,
  member: MemberId,
): boolean => leavesOf(policy.rule).some((leaf) => counts(projection, environment, leaf.of, member))

/** The ways to satisfy a policy that was accepted into the ledger. */
export const waysOf = (policy: Policy): readonly Alternative[] => {
  const expansion = expandRule(policy.rule)
  if (!expansion.ok) throw new LedgerError('rule.unchecked', 'a policy was used that no ledger accepts')
  return expansion.alternatives
}

/** Whether a policy lets one person act with nobody's approval. */
export const needsNobody = (policy: Policy): boolean => waysOf(policy).some((way) => way.length === 0)

/** The environments whose quorum a request needs. */
export const environmentsOf = (record: RequestRecord): readonly EnvironmentId[] =>
  record.body.kind === 'binding' ? [record.body.terms.environment] : record.body.environments

/**
 * The policy version an approval of this request names: the binding's own; for a change the highest among its environments
 * (any policy change ends the request, so that one number says all), 0 where it has none.
 */
export const approvalPolicyVersion = (state: LedgerState, record: RequestRecord): number =>
  record.body.kind === 'binding'
    ? record.body.policyVersion
    : Math.max(0, ...record.body.environments.map((each) => state.policies.get(each)?.version ?? 0))

/** L54: whose approval does not count, whatever the policy lists. */
export const excluded = (state: LedgerState, record: RequestRecord, member: MemberId): boolean => {
  const { body } = record
  if (body.kind === 'change') return member === body.requester || member === body.subject
  if (member !== body.requester) return false
  return state.policies.get(body.terms.environment)?.policy.selfApproval !== true
}

/** The approvals that count at `time`: not expired, by active members who may approve it; one a person, in ledger order. */
export const countedApprovals = (state: LedgerState, record: RequestRecord, time: number): ApprovalRecord[] =>
  record.approvals.filter(
    (approval) =>
      approval.expiresAt >= time &&
      activeMember(state.projection, approval.member) !== undefined &&
      !excluded(state, record, approval.member),
  )
