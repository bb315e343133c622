import type { Envelope } from '@countersign/schema/entry'
import type { LedgerContent } from '@countersign/schema/ledger-entries'
import { carryOut, checkAuthority } from './authority.ts'
import { isChange } from './change.ts'
import { applyPlain, checkLedgerChain, checkPlain } from './plain.ts'
import {
  applyApprovalDeny,
  applyApprovalGive,
  applyApprovalWithdraw,
  checkApprovalDeny,
  checkApprovalGive,
  checkApprovalWithdraw,
} from './reduce-approvals.ts'
import {
  applyGrantIssue,
  applyGrantRelease,
  applyGrantRevoke,
  checkGrantIssue,
  checkGrantRelease,
  checkGrantRevoke,
} from './reduce-grants.ts'
import { applyMembership, checkMembershipBody } from './reduce-membership.ts'
import {
  applyRequestCancel,
  applyRequestCreate,
  checkRequestCancel,
  checkRequestCreate,
} from './reduce-requests.ts'
import { ACCEPTED, type RefusalCode, refused, type Verdict } from './refusal.ts'
import { changesProjection, plainAccepts, takePlain, verifiedAsKnown } from './shadow.ts'
import type { LedgerState } from './state.ts'

/** A ledger entry whose author is verified. `content` null: its sealed body did not open. `hash`: `entryHash` of its bytes. */
export interface LedgerEntry {
  readonly envelope: Envelope
  readonly content: LedgerContent | null
  readonly hash: Uint8Array
  /** The canonical bytes that `content.body` was decoded from, where the caller has them: they need not be made again. */
  readonly bodyBytes?: Uint8Array
}

/** The checks and the effect of one entry, everything but its place in the stream. Returns the refusal, or null once applied. */
const decide = (state: LedgerState, entry: LedgerEntry, content: LedgerContent): RefusalCode | null => {
  const { envelope } = entry
  const { projection, plain } = state
  if (projection.head !== null && !verifiedAsKnown(projection, plain, envelope, projection.head.seq)) {
    return 'author.unverified'
  }
  const unless = (code: RefusalCode | null, apply: () => void): RefusalCode | null => {
    if (code === null) apply()
    return code
  }
  switch (content.type) {
    case 'request.create':
      return unless(checkRequestCreate(state, envelope, content.plain, content.body), () =>
        applyRequestCreate(state, envelope, content.body, entry.bodyBytes),
      )
    case 'request.cancel':
      return unless(checkRequestCancel(state, envelope, content.plain), () =>
        applyRequestCancel(state, envelope, content.plain, content.body.reason),
      )
    case 'approval.give': {
      const approval = checkApprovalGive(state, envelope, content.plain, content.body)
      if ('code' in approval) return approval.code
      applyApprovalGive(envelope, content.body, approval.record, approval.signCount)
      return null
    }
    case 'approval.deny':
      return unless(checkApprovalDeny(state, envelope, content.plain), () =>
        applyApprovalDeny(state, envelope, content.plain, content.body.reason),
      )
    case 'approval.withdraw':
      return unless(checkApprovalWithdraw(state, envelope, content.plain), () =>
        applyApprovalWithdraw(state, envelope, content.plain),
      )
    case 'grant.issue':
      return unless(checkGrantIssue(state, envelope, content.plain, content.body), () =>
        applyGrantIssue(state, envelope, content.plain, content.body),
      )
    case 'grant.release':
      return unless(checkGrantRelease(state, envelope, content.plain), () =>
        applyGrantRelease(state, envelope, content.plain),
      )
    case 'grant.revoke':
      return unless(checkGrantRevoke(state, envelope, content.plain), () =>
        applyGrantRevoke(state, envelope, content.plain, content.body.reason),
      )
    default:
      return decideMembership(state, envelope, content)
  }
}

const decideMembership = (
  state: LedgerState,
  envelope: Envelope,
  content: LedgerContent,
): RefusalCode | null => {
  const code = checkMembershipBody(state, content)
  if (code !== null) return code
  if (isChange(content)) {
    const authority = checkAuthority(state, envelope, content)
    if (!authority.ok) return authority.code
    if (authority.request !== null) carryOut(state, envelope, authority.request)
  }
  applyPlain(state.projection, envelope, content)
  applyMembership(state, envelope, content)
  return null
}

const judge = (state: LedgerState, entry: LedgerEntry): RefusalCode | null => {
  const { envelope, content } = entry
  if (state.ids.has(envelope.id)) return 'entry.duplicate_id'
  if (content === null) return 'entry.unreadable'
  if (content.type !== envelope.type) return 'entry.malformed'
  return checkPlain(state.projection, envelope, content) ?? decide(state, entry, content)
}

/** As `judge`, with the plain projection following in step (L8). */
const judgeBoth = (state: LedgerState, entry: LedgerEntry): RefusalCode | null => {
  const { projection, plain } = state
  const { envelope, content } = entry
  const code = judge(state, entry)
  if (plain !== projection) {
    takePlain(plain, envelope, content)
    return code
  }
  // Refused, so that the projection still is what it was before the entry.
  if (code !== null && changesProjection(envelope) && plainAccepts(projection, envelope, content)) {
    state.plain = structuredClone(projection)
    takePlain(state.plain, envelope, content)
  }
  return code
}

/**
 * Takes the ledger's next entry, whose author `verifyEntryAuthor` has verified (L1–L9), and judges it at its position. Total: it
 * throws on no parsed entry. A `chain.*` refusal leaves the state as it was and ends the replay; any other refusal leaves the entry
 * standing in the stream and changes nothing but the head. A team's refused first entry makes no team.
 */
export const reduceLedger = (state: LedgerState, entry: LedgerEntry): Verdict => {
  const { envelope, content, hash } = entry
  const broken = checkLedgerChain(state.projection, envelope, content ?? undefined)
  if (broken !== null) return refused(broken)
  const first = state.projection.head === null
  const code = first ? judge(state, entry) : judgeBoth(state, entry)
  if (first && code !== null) return refused(code)
  if (first) state.projection.genesis = hash
  state.projection.head = { seq: envelope.seq, hash }
  state.plain.head = state.projection.head
  state.hashes.push(hash)
  state.ids.add(envelope.id)
  return code === null ? ACCEPTED : refused(code)
}
