import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { sha256 } from '@countersign/crypto/hash'
import { SOFTWARE_AAGUID } from '@countersign/crypto/software-authenticator'
import { accessOf } from '@countersign/ledger/projection-lookup'
import { toHex } from '@countersign/schema/hex'
import type { MemberView } from '../../shared/views.ts'
import { nameOf, placeName } from './people.ts'

/** Hexadecimal in groups of four, for reading aloud. */
export const grouped = (bytes: Uint8Array): string => (toHex(bytes).match(/.{4}/g) ?? []).join(' ')

const isSoftware = (aaguid: Uint8Array): boolean => toHex(aaguid) === toHex(SOFTWARE_AAGUID)

/** Times of ledger entries by position, as far as they matter to members. */
export type TimeAt = (seq: number) => number

export const memberViews = (session: UnlockedSession, timeAt: TimeAt): MemberView[] => {
  const { ledger } = session
  const { projection, names } = ledger
  const lastSeen = new Map(
    session.device.replica.seen().map(({ statement }) => [statement.device, statement.time]),
  )
  return [...projection.members.values()].map((record) => ({
    member: record.member,
    name: nameOf(ledger, record.member),
    me: record.member === session.member,
    state: record.removedAt === null ? 'active' : 'removed',
    roles: [...record.roles],
    access: [...projection.environments.keys()].flatMap((environment) => {
      const { level, approve } = accessOf(projection, environment, record.member)
      return level === 'none' && !approve
        ? []
        : [{ environment, label: placeName(ledger, environment), level, approve }]
    }),
    keys: [...projection.credentials.values()]
      .filter((key) => key.member === record.member)
      .map((key) => ({
        label: names.credentials.get(toHex(key.credentialId)) ?? '',
        software: isSoftware(key.aaguid),
        retired: key.retiredAt !== null,
        addedAt: timeAt(key.addedAt),
      })),
    recovery: record.recovery,
    devices: [...projection.devices.values()]
      .filter((device) => device.member === record.member && device.removedAt === null)
      .map((device) => ({
        device: device.device,
        name: names.devices.get(device.device) ?? '',
        addedAt: timeAt(device.addedAt),
        lastSeen: lastSeen.get(device.device) ?? null,
        here: device.device === session.device.device,
      })),
    fingerprint: grouped(sha256(record.signKey).subarray(0, 16)),
    joinedAt: timeAt(record.addedAt),
  }))
}
