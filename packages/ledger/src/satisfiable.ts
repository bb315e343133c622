import type { EnvironmentId, MemberId } from '@countersign/schema/ids'
import type { Policy } from '@countersign/schema/policy'
import { eligibilityIn, eligibleUnder } from './eligible.ts'
import { accessOf, activeMembers, atLeast, holdersOf, membersWith } from './projection-lookup.ts'
import { type Alternative, expandRule, type IsEligible, leavesOf, progress } from './rule.ts'
import type { LedgerState } from './state.ts'

/** Something a policy would bite with later. `needed` people at least, `available` counted by it; `members`: whom it concerns. */
export interface PolicyWarning {
  readonly code: /** Nobody who may request could ever get the quorum. */
    | 'policy.unsatisfiable'
    /** Some who may request could never get it: `members`. */
    | 'policy.unsatisfiable_for'
    /** It works only while none of the counted people is away. */
    | 'policy.no_spare'
    /** No admin could ever change this policy or the environment's access again. */
    | 'policy.unchangeable'
    /** Nobody holds the environment, so nobody can release a key. */
    | 'policy.no_holder'
    /** None of those who approve holds the environment: after each quorum somebody else still has to release. */
    | 'policy.no_holder_approver'
    /** These hold the environment without being counted by the policy: they read every value without anybody's approval. */
    | 'policy.holders_not_approving'
    /** Nobody may request in this environment. */
    | 'policy.no_requester'
    /** The policy names people who left: `members`. */
    | 'policy.members_gone'
    /** The rule itself would be refused. */
    | 'policy.refused'
  readonly needed: number
  readonly available: number
  readonly members: readonly MemberId[]
}

/** Whether these people together satisfy one of the ways, in whatever order they come. */
const couldSatisfy = (
  ways: readonly Alternative[],
  people: readonly MemberId[],
  isEligible: IsEligible,
): boolean =>
  ways.some((way) => {
    // The steps of a sequence take different people: together they are one step.
    const together = way.length === 0 ? [] : [way.flat()]
    return progress([together], people, isEligible).some((each) => each.satisfied)
  })

const fewest = (ways: readonly Alternative[]): number =>
  Math.min(...ways.map((way) => way.flat().reduce((sum, leaf) => sum + leaf.k, 0)))

/**
 * L71: what is wrong with a policy (the current one, or one about to be set) given the people as they are: numbers to show before it
 * bites. Empty: it works, with somebody to spare.
 */
export const policyWarnings = (
  state: LedgerState,
  environment: EnvironmentId,
  policy: Policy | undefined = state.policies.get(environment)?.policy,
): PolicyWarning[] => {
  if (policy === undefined) return []
  const { projection } = state
  const people = activeMembers(projection).map((each) => each.member)
  const expansion = expandRule(policy.rule)
  if (!expansion.ok) return [{ code: 'policy.refused', needed: 0, available: 0, members: [] }]
  const ways = expansion.alternatives
  const isEligible = eligibilityIn(projection, environment)
  const eligible = people.filter((member) => eligibleUnder(projection, environment, policy, member))
  const needed = fewest(ways)
  const warnings: PolicyWarning[] = []
  const warn = (
    code: PolicyWarning['code'],
    members: readonly MemberId[],
    available = eligible.length,
  ): void => {
    warnings.push({ code, needed, available, members })
  }
  const without = (...away: readonly MemberId[]) => eligible.filter((each) => !away.includes(each))
  const satisfies = (...away: readonly MemberId[]) => couldSatisfy(ways, without(...away), isEligible)

  const holders = holdersOf(projection, environment)
  if (holders.length === 0) warn('policy.no_holder', [], 0)
  const gone = leavesOf(policy.rule).flatMap(({ of }) => (of.kind === 'members' ? of.members : []))
  const left = [...new Set(gone)].filter((member) => !people.includes(member))
  if (left.length > 0) warn('policy.members_gone', left)

  const requesters = people.filter((member) =>
    atLeast(accessOf(projection, environment, member).level, 'request'),
  )
  if (requesters.length === 0) warn('policy.no_requester', [])
  if (needed === 0) return warnings

  const stuck = requesters.filter((member) => !(policy.selfApproval ? satisfies() : satisfies(member)))
  const nobodyCan = requesters.length === 0 ? !satisfies() : stuck.length === requesters.length
  if (nobodyCan) warn('policy.unsatisfiable', stuck)
  else if (stuck.length > 0) warn('policy.unsatisfiable_for', stuck)
  else {
    const noSpare = eligible.filter((away) =>
      requesters.some(
        (member) => member !== away && !(policy.selfApproval ? satisfies(away) : satisfies(away, member)),
      ),
    )
    if (noSpare.length > 0) warn('policy.no_spare', noSpare)
  }
  const admins = membersWith(projection, 'admin').map((each) => each.member)
  if (!admins.some((admin) => satisfies(admin))) warn('policy.unchangeable', admins)
  if (holders.length > 0 && !eligible.some((member) => holders.includes(member))) {
    warn('policy.no_holder_approver', holders)
  }
  const unasked = holders.filter((member) => !eligible.includes(member))
  if (unasked.length > 0) warn('policy.holders_not_approving', unasked)
  return warnings
}
