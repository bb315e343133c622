import type { Envelope } from '@countersign/schema/entry'
import type { EnvironmentId, MemberId } from '@countersign/schema/ids'
import type { LedgerPlain } from '@countersign/schema/ledger-entries'
import type { Access } from '@countersign/schema/membership'
import type { Level } from '@countersign/schema/policy'
import { checkCompartmentEpoch, checkCut } from './check-keys.ts'
import {
  accessOf,
  activeMember,
  atLeast,
  currentEpoch,
  holdersOf,
  holds,
  isAdmin,
  readersOf,
} from './projection-lookup.ts'
import type { EnvironmentRecord, Projection } from './projection-record.ts'
import type { RefusalCode } from './refusal.ts'
import { applyCut, applyEpoch, applyRekey, checkRekey, type Rekey } from './rekey.ts'

/** Whether one step loses a key (value below hold, meta at none) or gains one. */
const keyChange = (before: Level, after: Level): 'loses' | 'gains' | 'same' => {
  const value = Number(after === 'hold') - Number(before === 'hold')
  const meta = Number(after !== 'none') - Number(before !== 'none')
  if (value < 0 || meta < 0) return 'loses'
  return value > 0 || meta > 0 ? 'gains' : 'same'
}

const checkWrap = (
  projection: Projection,
  author: MemberId,
  subject: MemberId,
  access: Access,
): RefusalCode | null => {
  const before = accessOf(projection, access.environment, subject).level
  if (keyChange(before, access.level) !== 'gains') return access.wrap === null ? null : 'access.wrong_wrap'
  if (access.wrap === null || access.wrap.member !== subject) return 'access.wrong_wrap'
  if ((access.wrap.value !== null) !== (access.level === 'hold')) return 'access.wrong_wrap'
  const authorLevel = accessOf(projection, access.environment, author).level
  return atLeast(authorLevel, access.level === 'hold' ? 'hold' : 'view') ? null : 'access.author_lacks_key'
}

/**
 * L16, L17: an admin, or whoever holds every environment named and carries an approved change request; each environment once,
 * approvers see names, and whoever gains a key gets exactly that one, from somebody who has it.
 */
export const checkGivenAccess = (
  projection: Projection,
  author: MemberId,
  subject: MemberId,
  access: readonly Access[],
  hasAuthority: boolean,
): RefusalCode | null => {
  if (!isAdmin(projection, author)) {
    const carries = hasAuthority && access.length > 0
    if (!carries || !access.every((each) => holds(projection, each.environment, author)))
      return 'author.not_admin'
  }
  const seen = new Set<EnvironmentId>()
  for (const each of access) {
    const environment = projection.environments.get(each.environment)
    if (environment === undefined) return 'environment.unknown'
    if (seen.has(each.environment)) return 'access.duplicate'
    seen.add(each.environment)
    if (each.approve && each.level === 'none') return 'access.approve_needs_view'
    const before = accessOf(projection, each.environment, subject).level
    if (environment.rekeyDue && keyChange(before, each.level) === 'gains') return 'epoch.rekey_due'
    const code = checkWrap(projection, author, subject, each)
    if (code !== null) return code
  }
  return null
}

const accessRekey = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.access'>,
): Rekey => {
  const losing = new Map<EnvironmentId, Level>()
  for (const { environment, level } of plain.access) {
    const before = accessOf(projection, environment, plain.member).level
    if (keyChange(before, level) === 'loses') losing.set(environment, level)
  }
  return { author: envelope.member, subject: plain.member, losing, epochs: plain.epochs, cuts: plain.cuts }
}

const leavesNoHolder = (projection: Projection, environment: EnvironmentId, subject: MemberId): boolean => {
  const holders = holdersOf(projection, environment)
  return holders.length === 1 && holders[0] === subject
}

export const checkMemberAccess = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.access'>,
): RefusalCode | null => {
  if (activeMember(projection, plain.member) === undefined) return 'member.unknown'
  const given = checkGivenAccess(
    projection,
    envelope.member,
    plain.member,
    plain.access,
    plain.authority !== null,
  )
  if (given !== null) return given
  for (const { environment, level } of plain.access) {
    if (level !== 'hold' && leavesNoHolder(projection, environment, plain.member)) return 'access.last_holder'
  }
  return checkRekey(projection, accessRekey(projection, envelope, plain))
}

export const applyMemberAccess = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'member.access'>,
) => {
  const rekey = accessRekey(projection, envelope, plain)
  for (const { environment, level, approve, wrap } of plain.access) {
    const record = projection.environments.get(environment)
    if (record === undefined) continue
    const steps = record.access.get(plain.member) ?? []
    record.access.set(plain.member, [...steps, { from: envelope.seq, level, approve }])
    if (wrap !== null) record.wrapsAt.set(plain.member, envelope.seq)
  }
  applyRekey(projection, rekey, envelope.seq)
}

/** L18: the first epoch's wraps say who holds (value key) and who views (meta key only). */
const firstReaders = (plain: LedgerPlain<'environment.create'>): Map<MemberId, Level> =>
  new Map(plain.epoch.wraps.map((wrap) => [wrap.member, wrap.value === null ? 'view' : 'hold']))

export const checkEnvironmentCreate = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'environment.create'>,
): RefusalCode | null => {
  if (!isAdmin(projection, envelope.member)) return 'author.not_admin'
  if (!projection.vaults.has(plain.vault)) return 'vault.unknown'
  if (projection.environments.has(plain.epoch.environment)) return 'environment.exists'
  const readers = firstReaders(plain)
  for (const member of readers.keys()) {
    if (activeMember(projection, member) === undefined) return 'epoch.wrong_recipients'
  }
  return checkCompartmentEpoch(plain.epoch, 0, readers)
}

export const applyEnvironmentCreate = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'environment.create'>,
) => {
  const access = new Map(
    [...firstReaders(plain)].map(([member, level]) => [
      member,
      // Whoever makes an environment approves in it until somebody decides otherwise: one approver the less to forget.
      [{ from: envelope.seq, level, approve: level === 'hold' && member === envelope.member }],
    ]),
  )
  const environment: EnvironmentRecord = {
    environment: plain.epoch.environment,
    vault: plain.vault,
    epochs: [],
    cuts: [],
    rekeyDue: false,
    access,
    wrapsAt: new Map(),
  }
  applyEpoch(environment, plain.epoch, envelope.seq)
  projection.environments.set(environment.environment, environment)
}

export const checkEpochStart = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'epoch.start'>,
): RefusalCode | null => {
  const environment = projection.environments.get(plain.epoch.environment)
  if (environment === undefined) return 'environment.unknown'
  if (!holds(projection, environment.environment, envelope.member)) return 'epoch.author_lacks_key'
  if (plain.cut.environment !== environment.environment) return 'cut.wrong_environments'
  const expected = (currentEpoch(environment)?.epoch ?? -1) + 1
  return (
    checkCut(environment, plain.cut) ?? checkCompartmentEpoch(plain.epoch, expected, readersOf(environment))
  )
}

export const applyEpochStart = (
  projection: Projection,
  envelope: Envelope,
  plain: LedgerPlain<'epoch.start'>,
) => {
  const environment = projection.environments.get(plain.epoch.environment)
  if (environment === undefined) return
  applyCut(environment, plain.cut, envelope.seq)
  applyEpoch(environment, plain.epoch, envelope.seq)
}
