import type { Assertion } from '@countersign/crypto/assertion'
import { randomBytes } from '@countersign/crypto/random'
import { webauthnChallenge } from '@countersign/crypto/webauthn-challenge'
import { statementFor } from '@countersign/ledger/reduce-approvals'
import { type ApprovalStatement, approvalStatement } from '@countersign/schema/approval-statement'
import type { LedgerBody } from '@countersign/schema/ledger-entries'
import { forgeLedger, type Pen } from '../double/forge.ts'
import type { Actor } from './actor.ts'
import { penOf, teamKeyOf } from './attacker.ts'
import type { Company } from './company.ts'

type Body = LedgerBody<'approval.give'>

/** What a touch approves here, as everybody's client rebuilds it; and the parts of it that the entry carries. */
export const approvalOf = (
  approver: Actor,
  request: string,
): { statement: ApprovalStatement; body: Omit<Body, 'assertion'> } => {
  const { ledger } = approver.session
  const record = ledger.requests.get(request)
  const { head } = ledger.projection
  if (record === undefined || head === null) throw new Error(`${approver.name} does not see the request`)
  const terms = record.body.kind === 'binding' ? record.body.terms : null
  const choice = { terms, nonce: randomBytes(32), expiresAt: record.body.expiresAt, head }
  const statement = statementFor(ledger, record, approver.member, choice)
  return {
    statement,
    body: { ...choice, requestHash: record.requestHash, policyVersion: statement.policyVersion },
  }
}

export const challengeOf = (statement: ApprovalStatement): Uint8Array =>
  webauthnChallenge('approve', approvalStatement(statement))

/** What programs on an approver's machine could write in their name: everything but a touch of their key. */
export const writeApproval = (
  company: Company,
  approver: Actor,
  request: string,
  body: Omit<Body, 'assertion'>,
  assertion: Assertion,
  pen: Pen = penOf(company, approver),
): Uint8Array =>
  forgeLedger(
    pen,
    company.server.timeline,
    teamKeyOf(approver),
    'approval.give',
    { request },
    { ...body, assertion },
  )

/** Ids of the security keys that the team has pinned for somebody. */
export const credentialsOf = (actor: Actor): Uint8Array[] =>
  actor.enrolment.keys.map(({ record }) => record.credentialId)
