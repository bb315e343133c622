import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { holds } from '@countersign/ledger/projection-lookup'
import { type RequestStatus, requestStatus } from '@countersign/ledger/quorum'
import type { RequestRecord } from '@countersign/ledger/state'
import { toHex } from '@countersign/schema/hex'
import type { RequestId } from '@countersign/schema/ids'
import type { Caller } from '@countersign/schema/request'
import { ruleInWords } from '../../shared/rule-words.ts'
import type { RequestDetail, RequestRow } from '../../shared/views.ts'
import { changeWords } from './change-words.ts'
import { newest } from './newest.ts'
import { nameOf, personView, placeName } from './people.ts'
import { termsView } from './terms-view.ts'

const mineOf = (
  session: UnlockedSession,
  record: RequestRecord,
  status: RequestStatus,
): RequestRow['mine'] => {
  const { member, ledger } = session
  const { body } = record
  if (status.state === 'awaiting_release') {
    const may =
      body.kind === 'binding'
        ? holds(ledger.projection, body.terms.environment, member)
        : body.requester === member
    if (may) return 'can_release'
  }
  if (record.approvals.some((approval) => approval.member === member)) return 'approved'
  if (status.missing.includes(member)) return 'can_approve'
  return body.requester === member ? 'requested' : 'none'
}

const targetOf = (session: UnlockedSession, record: RequestRecord): string => {
  const { body } = record
  if (body.kind === 'change')
    return body.environments.map((each) => placeName(session.ledger, each)).join(', ') || 'the team'
  const terms = termsView(session, body.terms)
  return `${terms.items.map((item) => item.name).join(', ')} in ${terms.vaultName} / ${terms.environmentName}`
}

/** What a change would do; empty for a binding. */
const changeLines = ({ ledger }: UnlockedSession, { body }: RequestRecord): string[] =>
  body.kind === 'change' ? changeWords(ledger, body.requester, body.change) : []

const rowOf = (session: UnlockedSession, record: RequestRecord, status: RequestStatus): RequestRow => {
  const { body } = record
  const asked = body.kind === 'binding' ? JSON.stringify(body.terms) : ''
  return {
    request: record.request,
    kind: body.kind,
    state: status.state,
    requester: personView(session.ledger, body.requester),
    application: body.kind === 'binding' ? body.application : 'A change to the team',
    target: targetOf(session, record),
    reason: body.kind === 'binding' ? body.reason : (changeLines(session, record)[0] ?? ''),
    createdAt: body.createdAt,
    expiresAt: status.expiresAt,
    approvals: record.approvals.map((approval) => ({
      person: personView(session.ledger, approval.member),
      at: approval.time,
      narrowed: approval.terms !== null && JSON.stringify(approval.terms) !== asked,
    })),
    needed: record.approvals.length + status.needed,
    mine: mineOf(session, record, status),
  }
}

/** A request as the inbox shows it; undefined for an id the ledger does not have. */
export const requestRow = (session: UnlockedSession, request: RequestId): RequestRow | undefined => {
  const record = session.ledger.requests.get(request)
  const status = requestStatus(session.ledger, request, session.now())
  return record === undefined || status === undefined ? undefined : rowOf(session, record, status)
}

/** All that are open and the newest `limit` of the others, newest first. */
export const requestRows = (
  session: UnlockedSession,
  limit: number,
): { rows: RequestRow[]; more: boolean } => {
  const { requests, open } = session.ledger
  return newest(
    requests.ids(),
    limit,
    (request) => open.has(request),
    (request) => requestRow(session, request),
  )
}

/** How many wait for this member's touch. */
export const waitingFor = (session: UnlockedSession): number => {
  let count = 0
  for (const request of session.ledger.open) {
    const status = requestStatus(session.ledger, request, session.now())
    if (status?.state === 'pending' && status.missing.includes(session.member)) count += 1
  }
  return count
}

type Fact = (caller: Caller) => readonly [label: string, value: string | null]

/** Every part of what was observed: whoever adds one to the schema says here how people read it. Whom the token is for is asked, not observed. */
const FACTS: Readonly<Record<Exclude<keyof Caller, 'anyProgram'>, Fact>> = {
  executable: ({ executable }) => ['Program', executable],
  executableHash: ({ executableHash: hash }) => ['Program’s hash', hash === null ? null : toHex(hash)],
  parents: ({ parents }) => ['Started by', parents.length === 0 ? null : parents.join(' ← ')],
  workingDirectory: ({ workingDirectory }) => ['In folder', workingDirectory],
  container: ({ container }) => ['Container', container],
  user: ({ user }) => ['As user', user],
  pid: ({ pid }) => ['Process', pid === null ? null : String(pid)],
  via: ({ via }) => ['Asked over', via === 'socket' ? 'the local socket' : 'TCP on this computer'],
}

export const callerFacts = (caller: Caller): RequestDetail['caller'] =>
  Object.values(FACTS).flatMap((fact) => {
    const [label, value] = fact(caller)
    return value === null || value === '' ? [] : [{ label, value }]
  })

/** A program that could not be seen cannot be told from others either: its token works for all. */
export const tokenFor = (caller: Caller): NonNullable<RequestDetail['tokenFor']> =>
  caller.anyProgram === true || caller.executableHash === null ? 'any-program' : 'this-program'

/** What a person reads before they sign; everything in it comes from the record whose hash is signed. */
export const requestDetail = (session: UnlockedSession, request: RequestId): RequestDetail | undefined => {
  const { ledger } = session
  const record = ledger.requests.get(request)
  const status = requestStatus(ledger, request, session.now())
  if (record === undefined || status === undefined) return undefined
  const { body } = record
  const environments = body.kind === 'binding' ? [body.terms.environment] : body.environments
  const policies = environments.flatMap((environment) => ledger.policies.get(environment) ?? [])
  const denied = status.by.find((act) => act.action === 'denied')
  return {
    row: rowOf(session, record, status),
    requestHash: toHex(record.requestHash).replace(/(.{8})(?=.)/g, '$1 '),
    code: body.kind === 'binding' ? body.code : null,
    terms: body.kind === 'binding' ? termsView(session, body.terms) : null,
    device: ledger.names.devices.get(body.device) ?? '?',
    tokenFor: body.kind === 'binding' ? tokenFor(body.caller) : null,
    policy:
      policies.map(({ policy }) => ruleInWords(policy.rule, (member) => nameOf(ledger, member))).join('; ') ||
      'an admin alone',
    policyVersion: body.kind === 'binding' ? body.policyVersion : (policies[0]?.version ?? 0),
    caller: body.kind === 'binding' ? callerFacts(body.caller) : [],
    change: changeLines(session, record),
    deniedBy: denied === undefined ? null : personView(ledger, denied.member),
    denyReason: denied?.reason ?? '',
  }
}
