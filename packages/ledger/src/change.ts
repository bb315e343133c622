import { equalBytes } from '@countersign/crypto/verify'
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import type { DecidedChange } from '@countersign/schema/decided-change'
import type { EnvironmentId, MemberId } from '@countersign/schema/ids'
import type { LedgerContent } from '@countersign/schema/ledger-entries'
import type { Access } from '@countersign/schema/membership'
import { eligibleUnder } from './eligible.ts'
import { accessOf, atLeast } from './projection-lookup.ts'
import { leavesOf } from './rule.ts'
import type { LedgerState } from './state.ts'

/** The entry types that may need an approved change request (P3). */
export const CHANGE_TYPES = [
  'member.add',
  'member.access',
  'member.roles',
  'policy.set',
  'credential.add',
] as const
export type ChangeType = (typeof CHANGE_TYPES)[number]
export type ChangeContent = Extract<LedgerContent, { type: ChangeType }>

export const isChangeType = (type: string): type is ChangeType => CHANGE_TYPES.some((each) => each === type)
export const isChange = (content: LedgerContent): content is ChangeContent => isChangeType(content.type)

const accessSet = (access: readonly Access[]) =>
  access.map(({ environment, level, approve }) => ({ environment, level, approve }))

/** What an entry decides, without the wraps and blobs that carry it out and may differ at the time they are made. */
export const decidedBy = (content: ChangeContent): DecidedChange => {
  const { type } = content
  switch (type) {
    case 'member.add': {
      const { member, device, credentials, access, transcript } = content.plain
      return {
        type,
        member,
        device: { device: device.device, signKey: device.signKey, kemKey: device.kemKey },
        credentials: credentials.map(({ credentialId, publicKey }) => ({ credentialId, publicKey })),
        access: accessSet(access),
        transcript,
        name: content.body.name,
      }
    }
    case 'member.access':
      return { type, member: content.plain.member, access: accessSet(content.plain.access) }
    case 'member.roles':
      return { type, member: content.plain.member, roles: content.plain.roles }
    case 'policy.set': {
      const { environment, version } = content.plain
      return { type, environment, version, policy: content.body }
    }
    case 'credential.add': {
      const { credentialId, publicKey } = content.plain.credential
      return { type, credentialId, publicKey }
    }
  }
}

const canonical = (change: DecidedChange): Uint8Array => encodeCanonical(change as CborValue)

/** L32: an entry carries out what a request asked for, and nothing else. */
export const carriesOut = (content: ChangeContent, asked: DecidedChange): boolean =>
  equalBytes(canonical(decidedBy(content)), canonical(asked))

export interface Affected {
  /** The environments whose current quorum the change needs. */
  readonly environments: readonly EnvironmentId[]
  /** Whose own approval does not count. */
  readonly subject: MemberId | null
}

const countingAdmins = (state: LedgerState): EnvironmentId[] =>
  [...state.policies]
    .filter(([, { policy }]) => leavesOf(policy.rule).some((leaf) => leaf.of.kind === 'admins'))
    .map(([environment]) => environment)

const raised = (state: LedgerState, member: MemberId, access: readonly Access[]): EnvironmentId[] =>
  access
    .filter(({ environment, level, approve }) => {
      const before = accessOf(state.projection, environment, member)
      const higher = atLeast(level, before.level) && level !== before.level
      return higher || (approve && !before.approve)
    })
    .map((each) => each.environment)

/**
 * L31: whose quorum a change needs. Only what widens counts: less access or fewer roles, like a removal, fails closed and is free.
 * `author` is the entry's author: a credential is always their own.
 */
export const affectedBy = (state: LedgerState, author: MemberId, content: ChangeContent): Affected => {
  const { projection } = state
  switch (content.type) {
    case 'member.add': {
      const { member, access } = content.plain
      const admins = member.roles.includes('admin') ? countingAdmins(state) : []
      return {
        environments: [...new Set([...raised(state, member.member, access), ...admins])],
        subject: member.member,
      }
    }
    case 'member.access': {
      const { member, access } = content.plain
      return { environments: raised(state, member, access), subject: member }
    }
    case 'member.roles': {
      const { member, roles } = content.plain
      const gainsAdmin = roles.includes('admin') && !projection.members.get(member)?.roles.includes('admin')
      return { environments: gainsAdmin ? countingAdmins(state) : [], subject: member }
    }
    case 'policy.set':
      return { environments: [content.plain.environment], subject: null }
    case 'credential.add': {
      const environments = [...state.policies]
        .filter(([environment, { policy }]) => {
          const access = accessOf(projection, environment, author)
          return (
            access.approve ||
            access.level === 'hold' ||
            eligibleUnder(projection, environment, policy, author)
          )
        })
        .map(([environment]) => environment)
      return { environments, subject: author }
    }
  }
}
