import { mayRead } from '@countersign/ledger/projection'
import { LEDGER } from '@countersign/schema/ids'
import type { SignedSeen } from '@countersign/schema/wire'
import { ClientError } from '../client-error.ts'
import type { DeviceSession } from '../session/device-session.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { EXPORT_PURPOSE, type ExportSource } from './audit-export.ts'
import { type Disclosure, KeyDisclosure, nothingDisclosed, type Opened } from './disclosure.ts'

const sourceOf = async (
  device: DeviceSession,
  statements: readonly SignedSeen[],
  wanted: (stream: string) => boolean,
  alarm: ExportSource['alarm'],
): Promise<ExportSource> => {
  const { replica, membership } = device
  const own = await replica.ownStatement()
  return {
    team: membership.team,
    member: membership.member,
    device: device.device,
    genesis: membership.genesisHash,
    projection: replica.projection,
    // Of a stream that this device may no longer read, others know more: it would look cut off.
    streams: own.statement.heads.filter(
      ({ stream }) => wanted(stream) && mayRead(replica.projection, device.device, stream),
    ),
    statements: [...statements, own],
    alarm,
    pages: (stream) => replica.pages(stream),
    sign: (bytes) => device.sign(EXPORT_PURPOSE, bytes),
  }
}

/** Everything this member's device has, opened as far as they chose. */
export const auditSource = async (
  session: UnlockedSession,
  opened: Opened,
): Promise<{ source: ExportSource; disclosure: Disclosure }> => {
  const statements = await session.device.replica.settledStatements()
  if (statements === null) {
    // A file that lacks what others signed would convict a server that has done nothing.
    throw new ClientError('export.behind', 'Another device has seen entries that this one has not got yet.', {
      fix: 'Connect to the server, wait until it is caught up, and export again.',
    })
  }
  return {
    source: await sourceOf(session.device, statements, () => true, null),
    disclosure: opened === 'none' ? nothingDisclosed : new KeyDisclosure(opened, session.ring),
  }
}

/**
 * What proves the alarm that stands, or the last one that was set aside: the ledger, which says whose keys signed what, the stream it is about, and everybody's
 * statements. Needs no member's keys, and opens nothing.
 */
export const evidenceSource = async (
  device: DeviceSession,
): Promise<{ source: ExportSource; disclosure: Disclosure }> => {
  const alarm = device.replica.status().alarm ?? (await device.replica.setAsideAlarm())
  if (alarm === null) throw new ClientError('alarm.none', 'There is no alarm any more.')
  const wanted = (stream: string): boolean => stream === LEDGER || stream === alarm.stream
  return {
    source: await sourceOf(device, device.replica.seen(), wanted, alarm),
    disclosure: nothingDisclosed,
  }
}
