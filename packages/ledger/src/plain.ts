import { equalBytes } from '@countersign/crypto/verify'
import type { Envelope } from '@countersign/schema/entry'
import { LEDGER } from '@countersign/schema/ids'
import { zeroHash } from './entry-hash.ts'
import {
  applyEnvironmentCreate,
  applyEpochStart,
  applyMemberAccess,
  checkEnvironmentCreate,
  checkEpochStart,
  checkMemberAccess,
} from './plain-access.ts'
import type { PlainContent } from './plain-content.ts'
import {
  applyCredentialAdd,
  applyCredentialRetire,
  applyDeviceAdd,
  applyDeviceRemove,
  checkCredentialAdd,
  checkCredentialRetire,
  checkDeviceAdd,
  checkDeviceRemove,
} from './plain-keys.ts'
import {
  applyMemberAdd,
  applyMemberRemove,
  applyMemberRoles,
  applyTeamCreate,
  checkMemberAdd,
  checkMemberRemove,
  checkMemberRoles,
  checkTeamCreate,
  teamIdOf,
} from './plain-membership.ts'
import { activeMember, currentTeamKey, isAdmin } from './projection-lookup.ts'
import type { Projection } from './projection-record.ts'
import type { RefusalCode } from './refusal.ts'

/** L2, L10: whether an entry is the next of this ledger. Anything else means that the stream, not the entry, is wrong. */
export const checkLedgerChain = (
  projection: Projection,
  envelope: Envelope,
  content: PlainContent | undefined,
): RefusalCode | null => {
  const { head, team } = projection
  if (envelope.stream !== LEDGER) return 'chain.stream'
  if (head === null) {
    if (envelope.seq !== 0) return 'chain.seq'
    if (envelope.ledger !== null || !equalBytes(envelope.prev, zeroHash())) return 'chain.prev'
    if (content?.type !== 'team.create') return 'chain.genesis'
    const { nonce, member } = content.plain
    return envelope.team === teamIdOf(nonce, member.signKey) ? null : 'chain.genesis'
  }
  if (envelope.team !== team) return 'chain.team'
  if (envelope.seq !== head.seq + 1) return 'chain.seq'
  if (!equalBytes(envelope.prev, head.hash)) return 'chain.prev'
  const { ledger } = envelope
  if (ledger === null || ledger.seq !== head.seq || !equalBytes(ledger.hash, head.hash)) return 'chain.prev'
  return null
}

/** L6, L7: the author and their device are active, and the entry is sealed under the current team key. */
const checkAuthor = (
  projection: Projection,
  envelope: Envelope,
  content: PlainContent,
): RefusalCode | null => {
  if (!projection.members.has(envelope.member)) return 'author.unknown'
  if (activeMember(projection, envelope.member) === undefined) return 'author.inactive'
  const device = projection.devices.get(envelope.device)
  if (device === undefined) {
    const certifiesItself = content.type === 'device.add' && content.plain.device.device === envelope.device
    if (!certifiesItself) return 'author.unknown'
  } else if (device.member !== envelope.member || device.removedAt !== null) {
    return 'author.device'
  }
  return content.plain.teamKeyEpoch === currentTeamKey(projection)?.epoch ? null : 'team_key.stale'
}

const checkType = (projection: Projection, envelope: Envelope, content: PlainContent): RefusalCode | null => {
  switch (content.type) {
    case 'team.create':
      return 'team.exists'
    case 'bootstrap.close':
      if (!isAdmin(projection, envelope.member)) return 'author.not_admin'
      return projection.bootstrapClosed ? 'bootstrap.closed' : null
    case 'vault.create':
      if (!isAdmin(projection, envelope.member)) return 'author.not_admin'
      return projection.vaults.has(content.plain.vault) ? 'vault.exists' : null
    case 'environment.create':
      return checkEnvironmentCreate(projection, envelope, content.plain)
    case 'member.add':
      return checkMemberAdd(projection, envelope, content.plain)
    case 'member.access':
      return checkMemberAccess(projection, envelope, content.plain)
    case 'member.roles':
      return checkMemberRoles(projection, envelope, content.plain)
    case 'member.remove':
      return checkMemberRemove(projection, envelope, content.plain)
    case 'epoch.start':
      return checkEpochStart(projection, envelope, content.plain)
    case 'device.add':
      return checkDeviceAdd(projection, envelope, content.plain)
    case 'device.remove':
      return checkDeviceRemove(projection, envelope, content.plain)
    case 'credential.add':
      return checkCredentialAdd(projection, envelope, content.plain)
    case 'credential.retire':
      return checkCredentialRetire(projection, envelope, content.plain)
    case 'policy.set':
      if (!isAdmin(projection, envelope.member)) return 'author.not_admin'
      return projection.environments.has(content.plain.environment) ? null : 'environment.unknown'
    case 'request.create':
    case 'request.cancel':
    case 'approval.give':
    case 'approval.deny':
    case 'approval.withdraw':
    case 'grant.issue':
    case 'grant.release':
    case 'grant.revoke':
      return null
  }
}

/** Everything about the next ledger entry that can be judged without opening a body; null: nothing speaks against it. */
export const checkPlain = (
  projection: Projection,
  envelope: Envelope,
  content: PlainContent,
): RefusalCode | null => {
  if (projection.head === null) {
    return content.type === 'team.create'
      ? checkTeamCreate(projection, envelope, content.plain)
      : 'chain.genesis'
  }
  return checkAuthor(projection, envelope, content) ?? checkType(projection, envelope, content)
}

/** Carries out the clear part of an entry that passed `checkPlain`. */
export const applyPlain = (projection: Projection, envelope: Envelope, content: PlainContent): void => {
  switch (content.type) {
    case 'team.create':
      applyTeamCreate(projection, envelope, content.plain)
      return
    case 'bootstrap.close':
      projection.bootstrapClosed = true
      return
    case 'vault.create':
      projection.vaults.add(content.plain.vault)
      return
    case 'environment.create':
      applyEnvironmentCreate(projection, envelope, content.plain)
      return
    case 'member.add':
      applyMemberAdd(projection, envelope, content.plain)
      return
    case 'member.access':
      applyMemberAccess(projection, envelope, content.plain)
      return
    case 'member.roles':
      applyMemberRoles(projection, envelope, content.plain)
      return
    case 'member.remove':
      applyMemberRemove(projection, envelope, content.plain)
      return
    case 'epoch.start':
      applyEpochStart(projection, envelope, content.plain)
      return
    case 'device.add':
      applyDeviceAdd(projection, envelope, content.plain)
      return
    case 'device.remove':
      applyDeviceRemove(projection, envelope, content.plain)
      return
    case 'credential.add':
      applyCredentialAdd(projection, envelope, content.plain)
      return
    case 'credential.retire':
      applyCredentialRetire(projection, envelope, content.plain)
      return
    default:
      return
  }
}
