import { randomBytes } from '@countersign/crypto/random'
import { webauthnChallenge } from '@countersign/crypto/webauthn-challenge'
import { accessOf, activeDevice, atLeast, credentialsOf, holds } from '@countersign/ledger/projection-lookup'
import { effectiveTerms, hasQuorum, requestStatus } from '@countersign/ledger/quorum'
import { statementFor } from '@countersign/ledger/reduce-approvals'
import type { RequestRecord } from '@countersign/ledger/state'
import { approvalStatement } from '@countersign/schema/approval-statement'
import { LEDGER, newId } from '@countersign/schema/ids'
import type { Release } from '@countersign/schema/ledger-entries'
import type { Caller, Terms } from '@countersign/schema/request'
import type { Authenticator } from '../authenticator/authenticator.ts'
import { sealRelease } from '../items/item-blobs.ts'
import { openAsHolder } from '../items/item-values.ts'
import { authenticatorRefusal } from '../keys/authenticator-refusal.ts'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { type EntryDraft, ledgerDraft } from '../team/author.ts'
import { bindingRequest } from './request-bodies.ts'

const gone = (): Refusal =>
  refuse('request.unknown', 'There is no such request.', 'Reload the list; it may be over.')
const decided = (): Refusal =>
  refuse('request.not_open', 'This request was decided meanwhile.', 'Reload the list.')
const changed = (): Refusal =>
  refuse(
    'request.changed',
    'This request changed while you looked at it: read again.',
    'Read it again, then decide.',
  )

export interface BindingToAsk {
  readonly terms: Terms
  readonly application: string
  readonly caller: Caller
  readonly reason: string
}

/**
 * Asks for a binding. Where the policy needs nobody and the requester holds the environment, request and grant land together;
 * otherwise it waits for approvers, or for a holder.
 */
export const askForBinding = async (
  session: UnlockedSession,
  ask: BindingToAsk,
): Promise<Outcome<{ request: string; code: string; expiresAt: number }>> => {
  const { ledger, member, device } = session
  const { environment } = ask.terms
  const { level } = accessOf(ledger.projection, environment, member)
  if (!atLeast(level, 'request')) {
    return refuse(
      'request.level',
      'You may not ask for credentials of this environment.',
      'Ask an admin to let you request there.',
    )
  }
  const policy = ledger.policies.get(environment)
  if (policy === undefined) return gone()
  const body = bindingRequest({
    requester: member,
    device: device.device,
    ...ask,
    policyVersion: policy.version,
    createdAt: session.now(),
    deadlineMs: policy.policy.deadlineMs,
  })
  const id = newId()
  const result = await session.append((author) => [
    ledgerDraft(author, 'request.create', { request: body.request }, body, id),
  ])
  return result.ok ? ok({ request: body.request, code: body.code, expiresAt: body.expiresAt }) : result
}

/**
 * One touch over exactly this request with these terms (P15). `requestHash` is what the person looked at: another one is refused
 * before any touch. The assertion covers a ledger head from before, so a stale append costs no second touch.
 */
export const approveRequest = async (
  session: UnlockedSession,
  authenticator: Authenticator,
  approval: { request: string; requestHash: Uint8Array; terms: Terms | null; purpose: string },
): Promise<Outcome<null>> => {
  const record = session.ledger.requests.get(approval.request)
  if (record === undefined) return gone()
  if (record.state !== 'open') return decided()
  if (Buffer.compare(record.requestHash, approval.requestHash) !== 0) return changed()
  const head = session.device.replica.head(LEDGER)
  if (head === null) return gone()
  const terms = approval.terms ?? (record.body.kind === 'binding' ? record.body.terms : null)
  const choice = { terms, nonce: randomBytes(32), expiresAt: record.body.expiresAt, head }
  const statement = statementFor(session.ledger, record, session.member, choice)
  const got = await authenticator.get({
    purpose: approval.purpose,
    challenge: webauthnChallenge('approve', approvalStatement(statement)),
    allow: credentialsOf(session.ledger.projection, session.member).map(({ credentialId }) => ({
      credentialId,
      prfSalt: null,
    })),
  })
  if (!got.ok) return authenticatorRefusal(got.code)
  const id = newId()
  const body = {
    ...choice,
    requestHash: record.requestHash,
    policyVersion: statement.policyVersion,
    assertion: got.assertion,
  }
  const result = await session.append((author) => {
    const now = session.ledger.requests.get(approval.request)
    if (now === undefined || now.state !== 'open') return decided()
    const again = statementFor(session.ledger, now, session.member, choice)
    if (again.policyVersion !== statement.policyVersion) return changed()
    return [ledgerDraft(author, 'approval.give', { request: approval.request }, body, id)]
  })
  return result.ok ? ok(null) : result
}

/** One entry about an open request; `build` is asked again after every entry that came first. */
const actOn = async (
  session: UnlockedSession,
  request: string,
  build: (record: RequestRecord) => 'deny' | 'withdraw' | 'cancel' | Refusal,
  reason: string,
): Promise<Outcome<null>> => {
  const id = newId()
  const result = await session.append((author) => {
    const record = session.ledger.requests.get(request)
    if (record === undefined) return gone()
    const act = build(record)
    if (act === 'deny') return [ledgerDraft(author, 'approval.deny', { request }, { reason }, id)]
    if (act === 'withdraw') return [ledgerDraft(author, 'approval.withdraw', { request }, {}, id)]
    if (act === 'cancel') return [ledgerDraft(author, 'request.cancel', { request }, { reason }, id)]
    return act
  })
  return result.ok ? ok(null) : result
}

export const denyRequest = (
  session: UnlockedSession,
  request: string,
  reason: string,
): Promise<Outcome<null>> =>
  actOn(session, request, ({ state }) => (state === 'open' ? 'deny' : decided()), reason)

export const withdrawApproval = (session: UnlockedSession, request: string): Promise<Outcome<null>> =>
  actOn(session, request, ({ state }) => (state === 'open' ? 'withdraw' : decided()), '')

export const cancelRequest = (
  session: UnlockedSession,
  request: string,
  reason: string,
): Promise<Outcome<null>> =>
  actOn(session, request, ({ state }) => (state === 'open' ? 'cancel' : decided()), reason)

/** Ends a grant. Revoking wins every race: who revokes last has still revoked. */
export const revokeGrant = async (
  session: UnlockedSession,
  request: string,
  reason: string,
): Promise<Outcome<null>> => {
  const id = newId()
  const result = await session.append((author) => {
    const record = session.ledger.requests.get(request)
    if (record?.grant == null) return gone()
    if (record.grant.revoked !== null) return []
    return [ledgerDraft(author, 'grant.revoke', { request }, { reason }, id)]
  })
  return result.ok ? ok(null) : result
}

interface Opened {
  readonly item: string
  readonly version: number
  readonly key: Parameters<typeof sealRelease>[3]
}

/**
 * Writes the grant of a request that has its quorum: the current item keys, sealed to the device that asked (P2). Only for holders.
 * If an item changes in between, the keys are opened again.
 */
export const releaseGrant = async (session: UnlockedSession, request: string): Promise<Outcome<null>> => {
  const id = newId()
  for (let attempt = 0; attempt < 3; attempt++) {
    const record = session.ledger.requests.get(request)
    if (record === undefined || record.body.kind !== 'binding') return gone()
    const { environment } = record.body.terms
    const terms = effectiveTerms(session.ledger, record, session.now())
    if (terms === null) return gone()
    const opened = await openItems(session, environment, terms.items)
    if (!opened.ok) return opened
    let moved = false
    const result = await session.append((author) => {
      const built = grantDrafts(session, record.request, opened.value, (type, plain, body) =>
        ledgerDraft(author, type, plain, body, id),
      )
      moved = built === 'moved'
      return built === 'moved' ? [] : built
    })
    for (const { key } of opened.value) key.wipe()
    if (!moved) return result.ok ? ok(null) : result
  }
  return refuse('append.contended', 'The credentials keep changing.', 'Try again in a moment.')
}

const openItems = async (
  session: UnlockedSession,
  environment: string,
  items: readonly string[],
): Promise<Outcome<Opened[]>> => {
  const opened: Opened[] = []
  for (const item of items) {
    const record = session.index(environment)?.get(item)
    if (record === undefined || record.current.deleted) {
      return refuse('item.unknown', 'A credential of this request is gone.', 'Deny it; let them ask again.')
    }
    const sealed = await openAsHolder(session, record, record.current)
    if (!sealed.ok) return sealed
    opened.push({ item, version: sealed.value.version, key: sealed.value.key })
  }
  return ok(opened)
}

const grantDrafts = (
  session: UnlockedSession,
  request: string,
  opened: readonly Opened[],
  draft: (
    type: 'grant.issue',
    plain: { request: string; releases: Release[] },
    body: { terms: Terms; expiresAt: number },
  ) => EntryDraft,
): EntryDraft[] | Refusal | 'moved' => {
  const { ledger } = session
  const record = ledger.requests.get(request)
  if (record === undefined || record.body.kind !== 'binding') return gone()
  if (record.state === 'granted') return []
  if (record.state !== 'open') return decided()
  const now = session.now()
  const { environment } = record.body.terms
  if (!holds(ledger.projection, environment, session.member)) {
    return refuse('author.not_holder', 'You do not hold this environment.', 'A holder must release it.')
  }
  if (!hasQuorum(ledger, record, now)) {
    return refuse('grant.no_quorum', 'The approvals are not complete.', 'Wait for the missing approvers.')
  }
  const terms = effectiveTerms(ledger, record, now)
  const device = activeDevice(ledger.projection, record.body.device)
  if (terms === null || device === undefined) return gone()
  const current = (item: string) => session.index(environment)?.get(item)?.current.version
  const keys = terms.items.map((item) => opened.find((each) => each.item === item))
  if (keys.some((key) => key === undefined || current(key.item) !== key.version)) return 'moved'
  const releases = keys.flatMap((key) =>
    key === undefined
      ? []
      : [
          sealRelease(
            { team: session.team, environment, item: key.item, version: key.version },
            request,
            { device: device.device, kemKey: device.kemKey },
            key.key,
          ),
        ],
  )
  const expiresAt = now + terms.lease.durationMs
  return [draft('grant.issue', { request, releases }, { terms, expiresAt })]
}

/** Requests with a quorum that this member, as a holder, can release. */
export const releasable = (session: UnlockedSession): string[] => {
  const { ledger, member } = session
  const now = session.now()
  return [...ledger.open].filter((id) => {
    const body = ledger.requests.get(id)?.body
    if (body?.kind !== 'binding') return false
    if (!holds(ledger.projection, body.terms.environment, member)) return false
    return requestStatus(ledger, id, now)?.state === 'awaiting_release'
  })
}
