import { keyFault } from '@countersign/client/keys/key-fault'
import { wrapsToUpload } from '@countersign/client/keys/ways-in'
import type { Alarm } from '@countersign/client/replica/alarm'
import { modeOf, servesUntil, turnedAway } from '@countersign/client/session/serving'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { REFUSALS } from '@countersign/ledger/refusal'
import { decodeCanonical } from '@countersign/schema/canonical'
import { toHex } from '@countersign/schema/hex'
import { parseStream } from '@countersign/schema/ids'
import { signedSeenSchema } from '@countersign/schema/wire'
import type { StatusView } from '../../shared/views.ts'
import type { Core } from '../core-state.ts'
import { nameOf, placeName } from './people.ts'
import { waitingFor } from './request-views.ts'

const phaseOf = (core: Core): StatusView['phase'] => {
  if (core.installation.membership === null) return core.joining === null ? 'empty' : 'joining'
  if (core.device?.replica.status().alarm != null) return 'alarm'
  if (core.session === null) return 'locked'
  return core.session.active && !turnedAway(core.session) ? 'unlocked' : 'removed'
}

const meOf = (session: UnlockedSession): StatusView['me'] => {
  const { ledger, member } = session
  const approver = [...ledger.projection.environments.values()].some(
    (environment) => environment.access.get(member)?.at(-1)?.approve === true,
  )
  return {
    member,
    name: nameOf(ledger, member),
    roles: [...(ledger.projection.members.get(member)?.roles ?? [])],
    approver,
  }
}

const witnessOf = (core: Core): StatusView['witness'] => {
  const { device, session } = core
  if (device === null) return { time: null, by: null, devices: 0, of: 0, each: [] }
  const { lastWitness } = device.replica.status()
  const witnesses = device.replica.witnesses()
  return {
    time: lastWitness?.time ?? null,
    by: lastWitness === null || session === null ? null : nameOf(session.ledger, lastWitness.member),
    devices: witnesses.filter(({ state }) => state === 'agrees').length,
    of: witnesses.length,
    // Of a locked installation nothing that names the team.
    each:
      session === null
        ? []
        : witnesses.map(({ device: id, member, time, state }) => ({
            device: id,
            name: `${nameOf(session.ledger, member)}, ${session.ledger.names.devices.get(id) ?? 'a device'}`,
            time,
            state,
          })),
  }
}

const placeOf = (core: Core, stream: string): string => {
  const parsed = parseStream(stream)
  const ledger = core.session?.ledger
  if (parsed.kind === 'ledger') return 'the team’s ledger'
  if (parsed.kind === 'compartment') {
    return ledger === undefined
      ? 'an environment'
      : `the environment ${placeName(ledger, parsed.environment)}`
  }
  const name = ledger?.names.devices.get(parsed.device)
  return name === undefined ? 'the audit of a device' : `the audit of ${name}`
}

/** What the alarm rests on: who signed the statement that shows it, by name where names are at hand. */
const stoppedOf = (core: Core): StatusView['stopped'] => {
  const alarm = core.device?.replica.status().alarm ?? null
  const { membership } = core.installation
  if (alarm === null || membership === null) return null
  const statement = alarm.evidence.find(({ label }) => label === 'signed statement')
  const seen =
    statement === undefined ? null : signedSeenSchema.safeParse(decodeCanonical(statement.bytes)).data
  const ledger = core.session?.ledger
  const { code, stream, seq, time } = alarm
  const named = seen == null ? null : ledger?.names.devices.get(seen.statement.device)
  return {
    code,
    stream: placeOf(core, stream),
    seq,
    time,
    shownBy: seen == null ? null : (named ?? 'another device of the team'),
    server: membership.server.url,
  }
}

/** Who vouched for what is not genuine; a locked installation names nobody. */
const vouchedBy = ({ session }: Core, { signer }: Alarm): string => {
  if (signer === undefined || session === null) return ''
  return ` ${nameOf(session.ledger, signer.member)} signed on top of it.`
}

/** What only an unlocked installation can notice: it opens and compares what others sealed. */
const warningOf = (session: UnlockedSession): StatusView['alarm'] => {
  const problem = session.keyProblems[0]
  if (problem !== undefined) {
    const { code, message, fix } = keyFault(problem)
    return { code, message, fix }
  }
  if (!session.cutForked) return null
  return {
    code: 'chain.cut_fork',
    message: REFUSALS['chain.cut_fork'],
    fix: 'Do not rely on this server. Tell the other members, and keep this profile as evidence.',
  }
}

const alarmOf = (core: Core): StatusView['alarm'] => {
  const status = core.device?.replica.status()
  if (status?.alarm != null) {
    return {
      code: status.alarm.code,
      message: `${status.alarm.message}${vouchedBy(core, status.alarm)}`,
      fix: 'Do not rely on this server. Save the evidence, and tell the other members by another way than this one.',
    }
  }
  return core.alert ?? (core.session === null ? null : warningOf(core.session))
}

const unconfirmedOf = ({ device }: Core): StatusView['unconfirmed'] => {
  const since = device?.confirmation.unconfirmedSince ?? null
  return device === null || since === null ? null : { since, alone: device.confirmation.alone }
}

const waysInOf = ({ installation }: Core): StatusView['waysIn'] => {
  const ways = installation.membership?.waysIn ?? []
  const keys = ways.filter(({ kind }) => kind === 'security-key').length
  return { keys, recovery: keys < ways.length }
}

/** A server's own trouble ends the connection; on a live one it is the local store that refuses to write. */
const diskOf = ({ device }: Core): StatusView['disk'] => {
  const status = device?.replica.status()
  if (status?.connection !== 'live' || status.problem === null) return null
  if (status.problem.code === 'store.full') return 'full'
  return status.problem.code === 'store.failed' ? 'failing' : null
}

/** What every window shows all the time; of a locked installation nothing that names the team. */
export const statusView = (core: Core): StatusView => {
  const { session, device, localApi, installation } = core
  const replica = device?.replica.status()
  const unrecorded = localApi?.unrecorded() ?? null
  return {
    phase: phaseOf(core),
    mode: session === null ? 'locked' : unrecorded === null ? modeOf(session) : 'lease-only',
    tryOut: installation.tryOut || core.authenticator.software,
    team: session?.ledger.names.team ?? null,
    genesis: session === null ? null : toHex(session.device.membership.genesisHash),
    me: session === null ? null : meOf(session),
    bootstrapOpen: session !== null && !session.ledger.projection.bootstrapClosed,
    server:
      installation.membership === null || replica === undefined
        ? null
        : {
            url: installation.membership.server.url,
            connection: replica.connection,
            lastContact: replica.lastServerContact,
          },
    witness: witnessOf(core),
    servesUntil: session === null ? null : servesUntil(session),
    unconfirmed: unconfirmedOf(core),
    uploadsWaiting: installation.membership === null ? 0 : wrapsToUpload(installation.membership).length,
    sheetKept: installation.membership?.sheetKept ?? false,
    waysIn: waysInOf(core),
    deviceKey: installation.deviceSecret.wrapped ? 'key-store' : 'file',
    pendingChanges: replica?.pendingIntents ?? 0,
    checking: replica?.checking ?? null,
    waitingRequests: session === null ? core.lockedRequests : waitingFor(session),
    localApi:
      localApi === null
        ? null
        : { url: localApi.url, socket: localApi.socket, portMoved: localApi.portMoved },
    alarm: alarmOf(core),
    disk: diskOf(core),
    unrecorded,
    stopped: stoppedOf(core),
    setAside: core.setAsideAt,
  }
}
