import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { hashOf } from '@countersign/crypto/hash'
import { SOFTWARE_AAGUID } from '@countersign/crypto/software-authenticator'
import { accessOf, credentialsOf } from '@countersign/ledger/projection-lookup'
import type { MemberRecord } from '@countersign/ledger/projection-record'
import { toHex } from '@countersign/schema/hex'
import type { MemberId } from '@countersign/schema/ids'
import type { MemberView } from '../../shared/views.ts'
import { nameOf, placeName } from './people.ts'

/** When a ledger entry was written, by its number; 0 where that is not known here. */
export type TimeOf = (seq: number) => number

/** What people compare when they want to be sure of each other's keys: eight groups of four digits. */
const fingerprint = (record: MemberRecord): string =>
  toHex(hashOf('member-fingerprint', record.signKey).slice(0, 16)).replace(/(.{4})(?=.)/g, '$1 ')

const isSoftware = (aaguid: Uint8Array): boolean => toHex(aaguid) === toHex(SOFTWARE_AAGUID)

export const memberView = (
  session: UnlockedSession,
  member: MemberId,
  timeOf: TimeOf,
): MemberView | undefined => {
  const { projection, names } = session.ledger
  const record = projection.members.get(member)
  if (record === undefined) return undefined
  const seen = new Map(
    session.device.replica.seen().map(({ statement }) => [statement.device, statement.time]),
  )
  return {
    member,
    name: nameOf(session.ledger, member),
    me: member === session.member,
    state: record.removedAt === null ? 'active' : 'removed',
    roles: record.roles,
    access: [...projection.environments.keys()].flatMap((environment) => {
      const { level, approve } = accessOf(projection, environment, member)
      if (level === 'none' && !approve) return []
      return [{ environment, label: placeName(session.ledger, environment), level, approve }]
    }),
    keys: credentialsOf(projection, member).map((key) => ({
      label: names.credentials.get(toHex(key.credentialId)) ?? 'Security key',
      software: isSoftware(key.aaguid),
      retired: key.retiredAt !== null,
      addedAt: timeOf(key.addedAt),
    })),
    recovery: record.recovery,
    devices: [...projection.devices.values()]
      .filter((device) => device.member === member && device.removedAt === null)
      .map((device) => ({
        device: device.device,
        name: names.devices.get(device.device) ?? 'A computer',
        addedAt: timeOf(device.addedAt),
        lastSeen: seen.get(device.device) ?? null,
      })),
    fingerprint: fingerprint(record),
    joinedAt: timeOf(record.addedAt),
  }
}

/** Everybody, those still here first, in the order they came. */
export const memberViews = (session: UnlockedSession, timeOf: TimeOf): MemberView[] => {
  const views = [...session.ledger.projection.members.keys()].flatMap(
    (member) => memberView(session, member, timeOf) ?? [],
  )
  return [
    ...views.filter((view) => view.state === 'active'),
    ...views.filter((view) => view.state === 'removed'),
  ]
}
