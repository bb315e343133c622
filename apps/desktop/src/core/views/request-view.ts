import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { eligibleUnder, environmentsOf, excluded } from '@countersign/ledger/eligible'
import { holds, isAdmin } from '@countersign/ledger/projection-lookup'
import { type RequestStatus, requestStatus } from '@countersign/ledger/quorum'
import type { RequestRecord } from '@countersign/ledger/state'
import { sameTerms } from '@countersign/ledger/terms'
import { toHex } from '@countersign/schema/hex'
import type { Rule } from '@countersign/schema/policy'
import type { Caller, Terms } from '@countersign/schema/request'
import type { RequestDetail, RequestRow, TermsView } from '../../shared/views.ts'
import { grouped } from './member-views.ts'
import { environmentName, itemName, personName, personOf, placeName, vaultName } from './names.ts'

export const termsView = (session: UnlockedSession, terms: Terms): TermsView => ({
  vaultName: vaultName(session.ledger, terms.environment),
  environmentName: environmentName(session.ledger, terms.environment),
  environment: terms.environment,
  items: terms.items.map((item) => ({ item, ...itemName(session, terms.environment, item) })),
  models: [...terms.models],
  mode: terms.mode,
  lease: terms.lease,
})

const counts = (session: UnlockedSession, record: RequestRecord): boolean =>
  environmentsOf(record).some((environment) => {
    const policy = session.ledger.policies.get(environment)?.policy
    const { projection } = session.ledger
    return policy !== undefined && eligibleUnder(projection, environment, policy, session.member)
  })

/** What this member can do about a request now. */
export const actionFor = (session: UnlockedSession, request: string): RequestRow['mine'] => {
  const { ledger, member } = session
  const record = ledger.requests.get(request)
  const status = requestStatus(ledger, request, session.now())
  if (record === undefined || status === undefined) return 'none'
  if (status.state === 'awaiting_release' && record.body.kind === 'binding') {
    const { environment } = record.body.terms
    if (holds(ledger.projection, environment, member)) return 'can_release'
  }
  if (record.approvals.some((each) => each.member === member)) return 'approved'
  if (record.body.requester === member && excluded(ledger, record, member)) return 'requested'
  if (status.state === 'pending' && status.missing.includes(member)) return 'can_approve'
  if (record.body.requester === member) return 'requested'
  return 'none'
}

/** Who may see a request at all: its people, whoever may decide, holders and admins. */
export const concerns = (session: UnlockedSession, record: RequestRecord): boolean => {
  const { ledger, member } = session
  if (record.body.requester === member || isAdmin(ledger.projection, member)) return true
  if (ledger.projection.members.get(member)?.roles.includes('auditor') === true) return true
  const holder = environmentsOf(record).some((each) => holds(ledger.projection, each, member))
  return holder || counts(session, record)
}

const targetOf = (session: UnlockedSession, record: RequestRecord): string => {
  const { body } = record
  const { ledger } = session
  if (body.kind === 'change') {
    const where = body.environments.map((each) => placeName(ledger, each)).join(', ')
    return where === '' ? body.summary : `${body.summary} (${where})`
  }
  const { environment, items } = body.terms
  const names = items.map((item) => itemName(session, environment, item).name)
  return `${placeName(ledger, environment)}: ${names.join(', ')}`
}

const approvalsOf = (session: UnlockedSession, record: RequestRecord): RequestRow['approvals'] =>
  record.approvals.map((approval) => ({
    person: personOf(session.ledger, approval.member),
    at: approval.time,
    narrowed:
      record.body.kind === 'binding' &&
      approval.terms !== null &&
      !sameTerms(approval.terms, record.body.terms),
  }))

const neededOf = (record: RequestRecord, status: RequestStatus): number =>
  status.state === 'pending' ? record.approvals.length + status.needed : record.approvals.length

export const requestRow = (session: UnlockedSession, record: RequestRecord): RequestRow | undefined => {
  const status = requestStatus(session.ledger, record.request, session.now())
  if (status === undefined) return undefined
  const { body } = record
  return {
    request: record.request,
    kind: body.kind,
    state: status.state,
    requester: personOf(session.ledger, body.requester),
    application: body.kind === 'binding' ? body.application : 'Change to the team',
    target: targetOf(session, record),
    reason: body.kind === 'binding' ? body.reason : body.summary,
    createdAt: body.createdAt,
    expiresAt: status.expiresAt,
    approvals: approvalsOf(session, record),
    needed: neededOf(record, status),
    mine: actionFor(session, record.request),
  }
}

const groupWords: Record<'approvers' | 'holders' | 'admins', string> = {
  approvers: 'approvers',
  holders: 'holders',
  admins: 'admins',
}

/** A rule in words. */
export const ruleInWords = (session: UnlockedSession, rule: Rule): string => {
  switch (rule.op) {
    case 'none':
      return 'nobody needs to approve'
    case 'quorum': {
      const who =
        rule.of.kind === 'members'
          ? rule.of.members.map((member) => personName(session.ledger, member)).join(', ')
          : groupWords[rule.of.kind]
      return `${rule.k} of ${who}`
    }
    case 'all':
      return rule.rules.map((each) => ruleInWords(session, each)).join(' and ')
    case 'any':
      return `either ${rule.rules.map((each) => ruleInWords(session, each)).join(' or ')}`
    case 'sequence':
      return rule.rules.map((each) => ruleInWords(session, each)).join(', then ')
  }
}

/** What was observed of the program that asks; observed, never proved. */
const callerFacts = (caller: Caller): RequestDetail['caller'] => {
  const facts: [string, string | null][] = [
    ['Program', caller.executable],
    ['Program hash', caller.executableHash && toHex(caller.executableHash)],
    ['Process', caller.pid === null ? null : String(caller.pid)],
    ['Started by', caller.parents.length === 0 ? null : caller.parents.join(' ← ')],
    ['Folder', caller.workingDirectory],
    ['Container', caller.container],
    ['User', caller.user],
    ['Reached us by', caller.via === 'socket' ? 'Unix socket' : 'TCP on this machine'],
  ]
  return facts.flatMap(([label, value]) => (value === null ? [] : [{ label, value }]))
}

export const requestDetail = (session: UnlockedSession, record: RequestRecord): RequestDetail | undefined => {
  const row = requestRow(session, record)
  if (row === undefined) return undefined
  const { body, ended } = record
  const { ledger } = session
  const rules = environmentsOf(record).map((environment) => {
    const policy = ledger.policies.get(environment)?.policy
    return policy === undefined
      ? ''
      : `${placeName(ledger, environment)}: ${ruleInWords(session, policy.rule)}`
  })
  const denied = ended?.cause === 'denied' ? ended : null
  return {
    row,
    requestHash: grouped(record.requestHash),
    code: body.kind === 'binding' ? body.code : null,
    terms: body.kind === 'binding' ? termsView(session, body.terms) : null,
    policy: rules.join('; '),
    policyVersion: body.kind === 'binding' ? body.policyVersion : 0,
    caller: body.kind === 'binding' ? callerFacts(body.caller) : [],
    summary: body.kind === 'change' ? body.summary : body.reason,
    deniedBy: denied === null ? null : personOf(ledger, denied.member),
    denyReason: denied?.reason ?? '',
  }
}
