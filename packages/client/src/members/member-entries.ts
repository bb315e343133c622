import { Secret } from '@countersign/crypto/secret'
import {
  accessOf,
  activeMember,
  activeMembers,
  currentAuditKey,
  currentTeamKey,
  membersWith,
} from '@countersign/ledger/projection-lookup'
import type { LedgerEntryType, LedgerPlain } from '@countersign/schema/ledger-entries'
import type { AuditKeyEpoch, Cut, Wrap } from '@countersign/schema/membership'
import type { Role } from '@countersign/schema/policy'
import { ClientError } from '../client-error.ts'
import {
  newAuditKeyEpoch,
  newTeamKeyEpoch,
  type Recipient,
  wrapAuditSeed,
  wrapTeamKey,
} from '../keys/epochs.ts'
import type { Author, HeadOf } from '../team/author.ts'
import { type AccessChange, accessRecords, losses, nextEpoch, rekeyFor } from './access-entries.ts'
import type { NewcomerRecords } from './new-member.ts'

type Plain<T extends LedgerEntryType> = Omit<LedgerPlain<T>, 'teamKeyEpoch'>

const missing = (what: string, fix: string): ClientError =>
  new ClientError('keys.missing', `This member has no ${what}.`, { fix })

const teamKeyOf = (author: Author) => {
  const epoch = currentTeamKey(author.projection)?.epoch
  const key = epoch === undefined ? null : author.ring.teamKey(epoch)
  if (epoch === undefined || key === null) throw missing('team key', 'Sync with the server first.')
  return { epoch, key }
}

const auditSeedFor = (author: Author, to: Recipient): Wrap => {
  const epoch = currentAuditKey(author.projection)?.epoch
  const seed = epoch === undefined ? null : author.ring.auditSeed(epoch)
  if (epoch === undefined || seed === null) {
    throw missing('audit key', 'Only an admin who is an auditor too can make somebody an auditor.')
  }
  return wrapAuditSeed(author.team, epoch, seed, to)
}

/**
 * A new audit key without `leaver`. An admin who is no auditor cannot link it to the one before, and must be able to remove an
 * auditor all the same: the link then holds nothing, and whoever stays an auditor reads earlier segments by their own wraps.
 */
const auditKeyWithout = (author: Author, leaver: string): AuditKeyEpoch => {
  const epoch = currentAuditKey(author.projection)?.epoch ?? 0
  const left = membersWith(author.projection, 'auditor').filter(({ member }) => member !== leaver)
  const previous = author.ring.auditSeed(epoch) ?? Secret.random()
  return newAuditKeyEpoch(author.team, epoch + 1, left, previous).record
}

/** `member.add` for a newcomer whose keys both sides confirmed (P12). */
export const memberAdd = (
  author: Author,
  newcomer: NewcomerRecords,
  access: readonly AccessChange[],
  transcript: Uint8Array,
  authority: string | null,
): Plain<'member.add'> => {
  const to = { member: newcomer.member.member, kemKey: newcomer.member.kemKey }
  const { epoch, key } = teamKeyOf(author)
  return {
    authority,
    ...newcomer,
    teamKey: wrapTeamKey(author.team, epoch, key, to),
    auditKey: newcomer.member.roles.includes('auditor') ? auditSeedFor(author, to) : null,
    access: accessRecords(author, to, access),
    transcript,
  }
}

const subjectOf = (author: Author, member: string): Recipient => {
  const record = activeMember(author.projection, member)
  if (record === undefined) {
    throw new ClientError('member.unknown', 'There is no such active member.', { fix: 'Reload the list.' })
  }
  return { member, kemKey: record.kemKey }
}

export const memberAccess = (
  author: Author,
  member: string,
  changes: readonly AccessChange[],
  headOf: HeadOf,
  authority: string | null,
): Plain<'member.access'> => ({
  authority,
  member,
  access: accessRecords(author, subjectOf(author, member), changes),
  ...rekeyFor(author, member, losses(author, member, changes), headOf),
})

export const memberRoles = (
  author: Author,
  member: string,
  roles: Role[],
  authority: string | null,
): Plain<'member.roles'> => {
  const subject = subjectOf(author, member)
  const was = membersWith(author.projection, 'auditor').some((each) => each.member === member)
  const becomes = roles.includes('auditor')
  return {
    authority,
    member,
    roles,
    auditWrap: becomes && !was ? auditSeedFor(author, subject) : null,
    auditKey: was && !becomes ? auditKeyWithout(author, member) : null,
  }
}

/** Removal in one entry (P4, P5): new team key, new epochs where the author holds, a new audit key if an auditor leaves. */
export const memberRemove = (author: Author, member: string, headOf: HeadOf): Plain<'member.remove'> => {
  const { projection } = author
  const { epoch, key } = teamKeyOf(author)
  const left = activeMembers(projection).filter((each) => each.member !== member)
  const losing = [...projection.environments.keys()]
    .filter((environment) => accessOf(projection, environment, member).level !== 'none')
    .map((environment) => ({ environment, level: 'none' as const }))
  const auditor = activeMember(projection, member)?.roles.includes('auditor') === true
  return {
    member,
    teamKey: newTeamKeyEpoch(author.team, epoch + 1, left, key).record,
    auditKey: auditor ? auditKeyWithout(author, member) : null,
    ...rekeyFor(author, member, losing, headOf),
  }
}

/** What this client has, or what an earlier cut states if that lies further on: an epoch's never goes back (L40). */
const epochCut = (author: Author, environment: string, headOf: HeadOf): Cut => {
  const own = headOf(`c/${environment}`)
  const before = author.projection.environments.get(environment)?.cuts.at(-1)?.head ?? null
  return { environment, head: (before?.seq ?? -1) > (own?.seq ?? -1) ? before : own }
}

/** A new epoch where one is due, by a holder. */
export const epochStart = (author: Author, environment: string, headOf: HeadOf): Plain<'epoch.start'> => ({
  epoch: nextEpoch(author, environment, null),
  cut: epochCut(author, environment, headOf),
})
