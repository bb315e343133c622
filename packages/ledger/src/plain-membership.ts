import { hashOf } from '@countersign/crypto/verify'
import { encodeCanonical } from '@countersign/schema/canonical'
import type { Envelope } from '@countersign/schema/entry'
import { toHex } from '@countersign/schema/hex'
import type { EnvironmentId, MemberId, TeamId } from '@countersign/schema/ids'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import type { AuditKeyEpoch, TeamKeyEpoch } from '@countersign/schema/membership'
import type { Level } from '@countersign/schema/policy'
import { checkNewcomer, deviceKeys, memberRecord, pinnedCredential } from './check-enrolment.ts'
import { checkAuditKey, checkTeamKey } from './check-keys.ts'
import { checkGivenAccess } from './plain-access.ts'
import { accessOf, activeMember, activeMembers, isAdmin, membersWith } from './projection-lookup.ts'
import type { Projection } from './projection-record.ts'
import type { RefusalCode } from './refusal.ts'
import { applyRekey, checkRekey, type Rekey } from './rekey.ts'

/** L10: a team's id is bound to its first member's key, so that no other first entry can stand for it. */
export const teamIdOf = (nonce: Uint8Array, signKey: Uint8Array): TeamId =>
  toHex(hashOf('team-id', encodeCanonical({ nonce, signKey })).subarray(0, 16))

const applyTeamKey = (projection: Projection, key: TeamKeyEpoch, seq: number): void => {
  projection.teamKeys.push({
    epoch: key.epoch,
    startedAt: seq,
    commitment: key.commitment,
    previous: key.previous,
  })
  for (const wrap of key.wraps) {
    const member = projection.members.get(wrap.member)
    if (member !== undefined) member.teamKeyAt = seq
  }
}

const applyAuditKey = (projection: Projection, key: AuditKeyEpoch, seq: number): void => {
  projection.auditKeys.push({
    epoch: key.epoch,
    startedAt: seq,
    publicKey: key.publicKey,
    previous: key.previous,
  })
  for (const wrap of key.wraps) {
    const member = projection.members.get(wrap.member)
    if (member !== undefined) member.auditKeyAt = seq
  }
}

const addNewcomer = (
  projection: Projection,
  plain: LedgerPlain<'team.create'> | LedgerPlain<'member.add'>,
  seq: number,
): void => {
  const { member, device, credentials } = plain
  projection.members.set(member.member, memberRecord(member, seq))
  projection.devices.set(device.device, deviceKeys(member.member, device, seq))
  for (const credential of credentials) {
    projection.credentials.set(
      toHex(credential.credentialId),
      pinnedCredential(member.member, credential, seq),
    )
  }
}

export const checkTeamCreate = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'team.create'>,
): RefusalCode | null => {
  const { member, device } = plain
  if (envelope.member !== member.member || envelope.device !== device.device) return 'author.not_self'
  if (!member.roles.includes('admin')) return 'team.no_admin'
  if (plain.teamKeyEpoch !== 0) return 'team_key.number'
  const auditors = member.roles.includes('auditor') ? [member.member] : []
  return (
    checkTeamKey(projection, plain.teamKey, [member.member]) ??
    checkAuditKey(projection, plain.auditKey, auditors) ??
    checkNewcomer(projection, envelope.team, plain)
  )
}

export const applyTeamCreate = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'team.create'>,
) => {
  projection.team = envelope.team
  addNewcomer(projection, plain, envelope.seq)
  applyTeamKey(projection, plain.teamKey, envelope.seq)
  applyAuditKey(projection, plain.auditKey, envelope.seq)
}

export const checkMemberAdd = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.add'>,
): RefusalCode | null => {
  const { member, access } = plain
  if (plain.teamKey.member !== member.member) return 'team_key.wrong_recipients'
  const auditor = member.roles.includes('auditor')
  if ((plain.auditKey !== null) !== auditor) return 'audit_key.wrong_recipients'
  if (plain.auditKey !== null && plain.auditKey.member !== member.member) return 'audit_key.wrong_recipients'
  if (access.some((each) => each.level === 'none')) return 'access.nothing_given'
  return (
    checkGivenAccess(projection, envelope.member, member.member, access, plain.authority !== null) ??
    checkNewcomer(projection, envelope.team, plain)
  )
}

export const applyMemberAdd = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.add'>,
) => {
  addNewcomer(projection, plain, envelope.seq)
  for (const { environment, level, approve } of plain.access) {
    const record = projection.environments.get(environment)
    record?.access.set(plain.member.member, [{ from: envelope.seq, level, approve }])
    record?.wrapsAt.set(plain.member.member, envelope.seq)
  }
}

export const checkMemberRoles = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.roles'>,
): RefusalCode | null => {
  if (!isAdmin(projection, envelope.member)) return 'author.not_admin'
  const subject = activeMember(projection, plain.member)
  if (subject === undefined) return 'member.unknown'
  if (new Set(plain.roles).size !== plain.roles.length) return 'roles.duplicate'
  const losesAdmin = subject.roles.includes('admin') && !plain.roles.includes('admin')
  if (losesAdmin && membersWith(projection, 'admin').length === 1) return 'roles.last_admin'
  const was = subject.roles.includes('auditor')
  const becomes = plain.roles.includes('auditor')
  if ((plain.auditWrap !== null) !== (becomes && !was)) return 'audit_key.wrong_recipients'
  if (plain.auditWrap !== null && plain.auditWrap.member !== plain.member) return 'audit_key.wrong_recipients'
  if (!was || becomes) return plain.auditKey === null ? null : 'audit_key.unneeded'
  if (plain.auditKey === null) return 'audit_key.missing'
  const left = membersWith(projection, 'auditor').filter((each) => each.member !== plain.member)
  return checkAuditKey(
    projection,
    plain.auditKey,
    left.map((each) => each.member),
  )
}

export const applyMemberRoles = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.roles'>,
) => {
  const subject = projection.members.get(plain.member)
  if (subject === undefined) return
  subject.roles = [...plain.roles]
  if (plain.auditWrap !== null) subject.auditKeyAt = envelope.seq
  if (!plain.roles.includes('auditor')) subject.auditKeyAt = null
  if (plain.auditKey !== null) applyAuditKey(projection, plain.auditKey, envelope.seq)
}

const removalRekey = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.remove'>,
): Rekey => {
  const losing = new Map<EnvironmentId, Level>()
  for (const environment of projection.environments.keys()) {
    if (accessOf(projection, environment, plain.member).level !== 'none') losing.set(environment, 'none')
  }
  return {
    author: envelope.member,
    subject: plain.member,
    losing,
    epochs: plain.epochs,
    cuts: plain.cuts,
  }
}

export const checkMemberRemove = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.remove'>,
): RefusalCode | null => {
  if (!isAdmin(projection, envelope.member)) return 'author.not_admin'
  const subject = activeMember(projection, plain.member)
  if (subject === undefined) return 'member.unknown'
  if (plain.member === envelope.member) return 'member.remove_self'
  const others = (members: readonly { member: MemberId }[]) =>
    members.map((each) => each.member).filter((each) => each !== plain.member)
  const teamCode = checkTeamKey(projection, plain.teamKey, others(activeMembers(projection)))
  if (teamCode !== null) return teamCode
  if (!subject.roles.includes('auditor')) {
    if (plain.auditKey !== null) return 'audit_key.unneeded'
  } else {
    if (plain.auditKey === null) return 'audit_key.missing'
    const code = checkAuditKey(projection, plain.auditKey, others(membersWith(projection, 'auditor')))
    if (code !== null) return code
  }
  return checkRekey(projection, removalRekey(projection, envelope, plain))
}

export const applyMemberRemove = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.remove'>,
) => {
  const rekey = removalRekey(projection, envelope, plain)
  for (const environment of rekey.losing.keys()) {
    const steps = projection.environments.get(environment)?.access.get(plain.member)
    steps?.push({ from: envelope.seq, level: 'none', approve: false })
  }
  applyRekey(projection, rekey, envelope.seq)
  const subject = projection.members.get(plain.member)
  if (subject !== undefined) subject.removedAt = envelope.seq
  applyTeamKey(projection, plain.teamKey, envelope.seq)
  if (plain.auditKey !== null) applyAuditKey(projection, plain.auditKey, envelope.seq)
}
