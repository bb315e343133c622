import { affectedBy, decidedBy } from '@countersign/ledger/change'
import { needsNobody } from '@countersign/ledger/eligible'
import { hasQuorum } from '@countersign/ledger/quorum'
import type { CborValue } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { ledgerDraft } from '../team/author.ts'
import { changeRequest } from './request-bodies.ts'
import { changeEntry, type TeamChange, teamChangeSchema } from './team-change.ts'

/** A change was made, or a request for it was. */
export interface Changed {
  readonly applied: boolean
  /** The change request that waits for its quorum; null where the change is made. */
  readonly request: string | null
}

const PENDING = 'change'
const DAY_MS = 86_400_000

/**
 * Makes a change to the team, or asks for it: after bootstrap is closed a change that widens anything needs the quorum of every
 * environment it touches, without its subject (P3). What is asked for is kept sealed here and made by this client once approved.
 */
export const changeTeam = async (
  session: UnlockedSession,
  change: TeamChange,
  reason = '',
): Promise<Outcome<Changed>> => {
  const id = newId()
  const requestEntry = newId()
  let asked: string | null = null
  const result = await session.append((author, headOf) => {
    const { content, draft } = changeEntry(author, headOf, change, null, id)
    const { ledger } = session
    const affected = affectedBy(ledger, author.member, content)
    const free = affected.environments.every((environment) => {
      const policy = ledger.policies.get(environment)?.policy
      return policy !== undefined && needsNobody(policy)
    })
    asked = null
    if (!ledger.projection.bootstrapClosed || free) return [draft]
    const deadlines = affected.environments.map(
      (environment) => ledger.policies.get(environment)?.policy.deadlineMs ?? DAY_MS,
    )
    const body = changeRequest({
      requester: author.member,
      device: author.device,
      environments: [...affected.environments],
      change: decidedBy(content),
      subject: affected.subject,
      reason,
      createdAt: session.now(),
      deadlineMs: Math.min(...deadlines),
    })
    asked = body.request
    return [ledgerDraft(author, 'request.create', { request: body.request }, body, requestEntry)]
  })
  if (!result.ok) return result
  if (asked === null) return ok({ applied: true, request: null })
  await session.records(PENDING).put(asked, { ...change } as CborValue)
  return ok({ applied: false, request: asked })
}

const unknown = (): Refusal =>
  refuse(
    'request.unknown',
    'This change was asked for on another installation, which has to make it.',
    'Open Countersign where it was asked for.',
  )

/** Makes a change whose request has its quorum. Only the installation that asked knows the change in full. */
export const carryOutChange = async (session: UnlockedSession, request: string): Promise<Outcome<null>> => {
  const records = session.records(PENDING)
  const stored = teamChangeSchema.safeParse(await records.get(request))
  if (!stored.success) return unknown()
  const id = newId()
  const result = await session.append((author, headOf) => {
    const record = session.ledger.requests.get(request)
    if (record === undefined) return unknown()
    if (record.state === 'done') return []
    if (record.state !== 'open' || !hasQuorum(session.ledger, record, session.now())) {
      return refuse(
        'authority.no_quorum',
        'The change has not got its approvals.',
        'Wait for the missing approvers.',
      )
    }
    return [changeEntry(author, headOf, stored.data, request, id).draft]
  })
  if (!result.ok) return result
  await records.remove(request)
  return ok(null)
}

/** Own change requests that have their quorum and wait to be made. */
export const changesToCarryOut = (session: UnlockedSession): string[] => {
  const { ledger } = session
  const now = session.now()
  return [...ledger.open].filter((id) => {
    const record = ledger.requests.get(id)
    if (record?.body.kind !== 'change' || record.body.requester !== session.member) return false
    if (record.body.device !== session.device.device || record.body.expiresAt < now) return false
    return hasQuorum(ledger, record, now)
  })
}
