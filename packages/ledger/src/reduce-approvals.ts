import { equalBytes, RP_ID, RP_ORIGIN, verifyAssertion, webauthnChallenge } from '@countersign/crypto/verify'
import { type ApprovalStatement, approvalStatement } from '@countersign/schema/approval-statement'
import type { Envelope } from '@countersign/schema/entry'
import { toHex } from '@countersign/schema/hex'
import type { MemberId } from '@countersign/schema/ids'
import type { LedgerBody, LedgerPlain } from '@countersign/schema/ledger-entries'
import {
  approvalPolicyVersion,
  countedApprovals,
  eligibilityIn,
  eligibleUnder,
  environmentsOf,
  excluded,
  waysOf,
} from './eligible.ts'
import { endRequest } from './ending.ts'
import { accessOf, credentialById, isAdmin } from './projection-lookup.ts'
import { effectiveTerms, hasQuorum } from './quorum.ts'
import type { RefusalCode } from './refusal.ts'
import { progress } from './rule.ts'
import type { LedgerState, RequestRecord } from './state.ts'
import { intersectTerms, within } from './terms.ts'

type ApprovalBody = LedgerBody<'approval.give'>

/** What an approver chooses; everything else in the statement follows from the ledger. */
export type ApprovalChoice = Pick<ApprovalBody, 'terms' | 'nonce' | 'expiresAt' | 'head'>

/** The statement an approving touch signs, as the ledger rebuilds it (L58): client and reducer make it here. */
export const statementFor = (
  state: LedgerState,
  record: RequestRecord,
  approver: MemberId,
  choice: ApprovalChoice,
): ApprovalStatement => ({
  team: state.projection.team ?? '',
  request: record.request,
  requestHash: record.requestHash,
  approver,
  environments: environmentsOf(record),
  policyVersion: approvalPolicyVersion(state, record),
  terms: choice.terms,
  nonce: choice.nonce,
  expiresAt: choice.expiresAt,
  head: choice.head,
})

const openAt = (
  state: LedgerState,
  request: string,
  time: number,
): { record: RequestRecord } | { code: RefusalCode } => {
  const record = state.requests.get(request)
  if (record === undefined) return { code: 'request.unknown' }
  if (record.state !== 'open') return { code: 'request.not_open' }
  return time > record.body.expiresAt ? { code: 'request.expired' } : { record }
}

/** L54: not the requester or the subject, counted by the policy, and in a sequence not before their turn. */
const checkApprover = (
  state: LedgerState,
  record: RequestRecord,
  member: MemberId,
  time: number,
): RefusalCode | null => {
  if (excluded(state, record, member)) return 'approval.self'
  const people = countedApprovals(state, record, time).map((approval) => approval.member)
  let eligible = false
  for (const environment of environmentsOf(record)) {
    const policy = state.policies.get(environment)?.policy
    if (policy === undefined || !eligibleUnder(state.projection, environment, policy, member)) continue
    eligible = true
    const isEligible = eligibilityIn(state.projection, environment)
    const theirTurn = progress(waysOf(policy), people, isEligible).some(
      ({ waiting }) => waiting === undefined || waiting.step.some((leaf) => isEligible(leaf.of, member)),
    )
    if (theirTurn) return null
  }
  return eligible ? 'approval.too_early' : 'approval.not_eligible'
}

/** L56, L57: the terms narrow the request's, and something is left of all approvals together. */
const checkTerms = (
  state: LedgerState,
  record: RequestRecord,
  terms: ApprovalBody['terms'],
  time: number,
): RefusalCode | null => {
  if (record.body.kind === 'change') return terms === null ? null : 'approval.terms'
  if (terms === null || !within(terms, record.body.terms)) return 'approval.terms'
  const sofar = effectiveTerms(state, record, time)
  return sofar !== null && intersectTerms(sofar, terms) === undefined ? 'approval.terms_disjoint' : null
}

/** L58, L59: an assertion by a current credential of the approver over exactly the statement the ledger rebuilds. */
const checkAssertion = (
  state: LedgerState,
  record: RequestRecord,
  member: MemberId,
  body: ApprovalBody,
): { signCount: number } | { code: RefusalCode } => {
  const credential = credentialById(state.projection, body.assertion.credentialId)
  if (credential === undefined || credential.member !== member || credential.retiredAt !== null) {
    return { code: 'approval.credential' }
  }
  const verdict = verifyAssertion({
    assertion: body.assertion,
    publicKey: credential.publicKey,
    challenge: webauthnChallenge('approve', approvalStatement(statementFor(state, record, member, body))),
    rpId: RP_ID,
    origins: [RP_ORIGIN],
  })
  return verdict.ok ? { signCount: verdict.signCount } : { code: 'approval.assertion' }
}

export const checkApprovalGive = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'approval.give'>,
  body: ApprovalBody,
): { record: RequestRecord; signCount: number } | { code: RefusalCode } => {
  const { member, time } = envelope
  const found = openAt(state, plain.request, time)
  if ('code' in found) return found
  const { record } = found
  if (!equalBytes(body.requestHash, record.requestHash)) return { code: 'approval.request_hash' }
  if (body.policyVersion !== approvalPolicyVersion(state, record)) return { code: 'approval.policy_version' }
  if (time > body.expiresAt) return { code: 'approval.expired' }
  if (body.expiresAt > record.body.expiresAt) return { code: 'approval.time' }
  if (body.head.seq < record.seq || !state.hashes.has(body.head.seq, body.head.hash)) {
    return { code: 'approval.head' }
  }
  const approver = checkApprover(state, record, member, time)
  if (approver !== null) return { code: approver }
  const live = record.approvals.some((each) => each.member === member && each.expiresAt >= time)
  if (live) return { code: 'approval.duplicate' }
  if (record.nonces.includes(toHex(body.nonce))) return { code: 'approval.replayed' }
  const terms = checkTerms(state, record, body.terms, time)
  if (terms !== null) return { code: terms }
  const assertion = checkAssertion(state, record, member, body)
  return 'code' in assertion ? assertion : { record, signCount: assertion.signCount }
}

/** An expired approval of the same person makes room for the new one: one a person (P15). */
export const applyApprovalGive = (
  envelope: Envelope,
  body: ApprovalBody,
  record: RequestRecord,
  signCount: number,
): void => {
  const { member, device, seq, time } = envelope
  record.approvals = record.approvals.filter((each) => each.member !== member)
  record.approvals.push({
    member,
    device,
    seq,
    time,
    expiresAt: body.expiresAt,
    terms: body.terms,
    credentialId: body.assertion.credentialId,
    signCount,
  })
  record.nonces.push(toHex(body.nonce))
}

/** L60: whoever the policy counts, approvers, holders and admins; the requester cancels instead. */
const mayDeny = (state: LedgerState, record: RequestRecord, member: MemberId): boolean => {
  if (member === record.body.requester) return false
  if (isAdmin(state.projection, member)) return true
  return environmentsOf(record).some((environment) => {
    const policy = state.policies.get(environment)?.policy
    const access = accessOf(state.projection, environment, member)
    const counted = policy !== undefined && eligibleUnder(state.projection, environment, policy, member)
    return counted || access.approve || access.level === 'hold'
  })
}

export const checkApprovalDeny = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'approval.deny'>,
): RefusalCode | null => {
  const found = openAt(state, plain.request, envelope.time)
  if ('code' in found) return found.code
  return mayDeny(state, found.record, envelope.member) ? null : 'denial.not_eligible'
}

export const applyApprovalDeny = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'approval.deny'>,
  reason: string,
): void => {
  const record = state.requests.get(plain.request)
  if (record !== undefined) endRequest(state, record, envelope, 'denied', reason)
}

/** L61: an approver takes their own approval back while the quorum is not reached. */
export const checkApprovalWithdraw = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'approval.withdraw'>,
): RefusalCode | null => {
  const found = openAt(state, plain.request, envelope.time)
  if ('code' in found) return found.code
  const { record } = found
  if (!record.approvals.some((each) => each.member === envelope.member)) return 'approval.none'
  return hasQuorum(state, record, envelope.time) ? 'approval.quorum_reached' : null
}

export const applyApprovalWithdraw = (
  state: LedgerState,
  envelope: Envelope,
  plain: LedgerPlain<'approval.withdraw'>,
): void => {
  const record = state.requests.get(plain.request)
  if (record === undefined) return
  record.approvals = record.approvals.filter((each) => each.member !== envelope.member)
}
