import { toHex } from '@countersign/schema/hex'
import type { DeviceId, EnvironmentId, MemberId } from '@countersign/schema/ids'
import type { Level, Role } from '@countersign/schema/policy'
import type {
  AccessStep,
  AuditKeyRecord,
  DeviceKeys,
  EnvironmentRecord,
  EpochRecord,
  MemberRecord,
  PinnedCredential,
  Projection,
  TeamKeyRecord,
} from './projection-record.ts'

const RANK: Record<Level, number> = { none: 0, view: 1, request: 2, hold: 3 }

/** Whether `level` gives at least what `least` gives. */
export const atLeast = (level: Level, least: Level): boolean => RANK[level] >= RANK[least]

export const NO_ACCESS: AccessStep = { from: 0, level: 'none', approve: false }

export const activeMember = (projection: Projection, member: MemberId): MemberRecord | undefined => {
  const record = projection.members.get(member)
  return record !== undefined && record.removedAt === null ? record : undefined
}

export const activeMembers = (projection: Projection): MemberRecord[] =>
  [...projection.members.values()].filter((record) => record.removedAt === null)

export const membersWith = (projection: Projection, role: Role): MemberRecord[] =>
  activeMembers(projection).filter((record) => record.roles.includes(role))

export const isAdmin = (projection: Projection, member: MemberId): boolean =>
  activeMember(projection, member)?.roles.includes('admin') === true

/** The device, if it is active and so is its member. */
export const activeDevice = (projection: Projection, device: DeviceId): DeviceKeys | undefined => {
  const record = projection.devices.get(device)
  if (record === undefined || record.removedAt !== null) return undefined
  return activeMember(projection, record.member) === undefined ? undefined : record
}

export const credentialById = (
  projection: Projection,
  credentialId: Uint8Array,
): PinnedCredential | undefined => projection.credentials.get(toHex(credentialId))

/** A member's credentials that are not retired. */
export const credentialsOf = (projection: Projection, member: MemberId): PinnedCredential[] =>
  [...projection.credentials.values()].filter((each) => each.member === member && each.retiredAt === null)

const lastAtOrBefore = (steps: readonly AccessStep[], seq: number): AccessStep => {
  for (let i = steps.length - 1; i >= 0; i--) {
    const step = steps[i]
    if (step !== undefined && step.from <= seq) return step
  }
  return NO_ACCESS
}

/** What a member may do in an environment as of a ledger entry (after it); without `seq`, now. */
export const accessOf = (
  projection: Projection,
  environment: EnvironmentId,
  member: MemberId,
  seq: number = Number.MAX_SAFE_INTEGER,
): AccessStep => {
  const steps = projection.environments.get(environment)?.access.get(member)
  return steps === undefined ? NO_ACCESS : lastAtOrBefore(steps, seq)
}

/** Member → level of everybody with any access to the environment: exactly those whom a new epoch is wrapped for. */
export const readersOf = (environment: EnvironmentRecord): Map<MemberId, Level> => {
  const readers = new Map<MemberId, Level>()
  for (const [member, steps] of environment.access) {
    const level = steps.at(-1)?.level ?? 'none'
    if (level !== 'none') readers.set(member, level)
  }
  return readers
}

export const holdersOf = (projection: Projection, environment: EnvironmentId): MemberId[] => {
  const record = projection.environments.get(environment)
  if (record === undefined) return []
  return [...readersOf(record)].filter(([, level]) => level === 'hold').map(([member]) => member)
}

export const holds = (projection: Projection, environment: EnvironmentId, member: MemberId): boolean =>
  accessOf(projection, environment, member).level === 'hold'

/** The current epoch; an environment always has one. */
export const currentEpoch = (environment: EnvironmentRecord): EpochRecord | undefined =>
  environment.epochs.at(-1)

/** The epoch that was current as of a ledger entry; undefined before the environment was there. */
export const epochAt = (environment: EnvironmentRecord, seq: number): EpochRecord | undefined =>
  environment.epochs.findLast((epoch) => epoch.startedAt <= seq)

export const currentTeamKey = (projection: Projection): TeamKeyRecord | undefined =>
  projection.teamKeys.at(-1)
export const currentAuditKey = (projection: Projection): AuditKeyRecord | undefined =>
  projection.auditKeys.at(-1)
