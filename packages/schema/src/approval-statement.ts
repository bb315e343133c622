import type { CborValue } from './canonical.ts'
import type { Head } from './entry.ts'
import type { EnvironmentId, MemberId, RequestId, TeamId } from './ids.ts'
import type { Terms } from './request.ts'

/** Everything an approving touch signs; `webauthnChallenge('approve', approvalStatement(...))` is the assertion's challenge. */
export interface ApprovalStatement {
  team: TeamId
  request: RequestId
  requestHash: Uint8Array
  approver: MemberId
  /** The compartments whose quorum this counts towards. */
  environments: readonly EnvironmentId[]
  policyVersion: number
  terms: Terms | null
  nonce: Uint8Array
  expiresAt: number
  head: Head
}

/** The fields of an approve challenge, as canonical CBOR takes them. */
export const approvalStatement = (statement: ApprovalStatement): Record<string, CborValue> => ({
  decision: 'approve',
  team: statement.team,
  request: statement.request,
  requestHash: statement.requestHash,
  approver: statement.approver,
  environments: [...statement.environments],
  policyVersion: statement.policyVersion,
  terms: statement.terms,
  nonce: statement.nonce,
  expiresAt: statement.expiresAt,
  head: statement.head,
})
