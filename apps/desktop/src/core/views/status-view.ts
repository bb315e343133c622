import { keyFault } from '@countersign/client/keys/key-fault'
import type { Alarm } from '@countersign/client/replica/alarm'
import { modeOf, servesUntil, turnedAway } from '@countersign/client/session/serving'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { activeMembers } from '@countersign/ledger/projection-lookup'
import { REFUSALS } from '@countersign/ledger/refusal'
import type { StatusView } from '../../shared/views.ts'
import type { Core } from '../core-state.ts'
import { nameOf } from './people.ts'
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
  if (device === null) return { time: null, by: null, devices: 0, of: 0 }
  const { lastWitness } = device.replica.status()
  const { projection } = device.replica
  const mine = core.installation.membership?.member
  const others = activeMembers(projection).filter(({ member }) => member !== mine)
  const witnessed = new Set(device.replica.seen().map(({ statement }) => statement.member))
  return {
    time: lastWitness?.time ?? null,
    by: lastWitness === null || session === null ? null : nameOf(session.ledger, lastWitness.member),
    devices: others.filter(({ member }) => witnessed.has(member)).length,
    of: others.length,
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
      fix: 'Do not rely on this server. Tell the other members, compare what their apps show, and keep this profile as evidence.',
    }
  }
  return core.alert ?? (core.session === null ? null : warningOf(core.session))
}

/** What every window shows all the time; of a locked installation nothing that names the team. */
export const statusView = (core: Core): StatusView => {
  const { session, device, localApi, installation } = core
  const replica = device?.replica.status()
  return {
    phase: phaseOf(core),
    mode: session === null ? 'locked' : modeOf(session),
    tryOut: installation.tryOut || core.authenticator.software,
    team: session?.ledger.names.team ?? null,
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
    pendingChanges: replica?.pendingIntents ?? 0,
    checking: replica?.checking ?? null,
    waitingRequests: session === null ? core.lockedRequests : waitingFor(session),
    localApi:
      localApi === null
        ? null
        : { url: localApi.url, socket: localApi.socket, portMoved: localApi.portMoved },
    alarm: alarmOf(core),
  }
}
