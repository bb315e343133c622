import { Enrolment } from '@countersign/client/keys/enrolment'
import { parseInviteLink } from '@countersign/client/mailbox/invite-link'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import { foundTeam, genesisOf, type TeamToFound } from '@countersign/client/team/found-team'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { teamIdOf } from '@countersign/ledger/plain-membership'
import type { Core, Setup } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { Joining } from '../joining.ts'
import { openSession } from '../open-session.ts'
import { exactAddress, serverAddress } from '../server-address.ts'
import { statusView } from '../views/status-view.ts'

export const alreadyIn = () =>
  refuse(
    'team.already',
    'This installation is in a team.',
    'Use another profile folder to create or join another one.',
  )

const setupOf = (core: Core): Outcome<Setup> => {
  if (core.installation.membership !== null) return alreadyIn()
  if (core.setup === null) {
    const nonce = randomBytes(32)
    const joins = core.joining?.invite.team
    const team = (root: Enrolment['root']) => joins ?? teamIdOf(nonce, memberKeys(root).sign.publicKey)
    core.setup = { enrolment: new Enrolment(core.authenticator, team), nonce, genesis: null }
  }
  return ok(core.setup)
}

const keysOf = ({ enrolment }: Setup) => ({
  keys: enrolment.keys.map(({ label, software }) => ({ label, software })),
})

export const setupHandlers: Handlers<
  | 'setup.enrolKey'
  | 'setup.newRecoveryCode'
  | 'setup.confirmRecoveryCode'
  | 'setup.state'
  | 'setup.reset'
  | 'team.create'
  | 'invite.read'
  | 'invite.join'
  | 'invite.joinState'
  | 'invite.confirmJoin'
> = {
  'setup.enrolKey': async (core, { label }) => {
    const setup = setupOf(core)
    if (!setup.ok) return setup
    const enrolled = await setup.value.enrolment.enrol(label)
    return enrolled.ok ? ok(keysOf(setup.value)) : enrolled
  },

  'setup.newRecoveryCode': (core) => {
    const setup = setupOf(core)
    return setup.ok ? ok(setup.value.enrolment.newRecoveryCode()) : setup
  },

  'setup.confirmRecoveryCode': (core, { groups }) => {
    const setup = setupOf(core)
    return setup.ok ? ok({ confirmed: setup.value.enrolment.confirmRecoveryCode(groups) }) : setup
  },

  'setup.state': (core) => {
    if (core.setup === null) return ok({ keys: [], recovery: 'none', ready: false })
    const { enrolment } = core.setup
    return ok({ ...keysOf(core.setup), recovery: enrolment.recovery, ready: enrolment.ready })
  },

  'setup.reset': async (core) => {
    if (core.installation.membership !== null) return alreadyIn()
    await core.joining?.close()
    core.setup?.enrolment.wipe()
    core.setup = null
    core.joining = null
    core.announce('join')
    return ok({})
  },

  'team.create': async (core, request) => {
    const setup = setupOf(core)
    if (!setup.ok) return setup
    const { enrolment, nonce } = setup.value
    if (!enrolment.ready) {
      return refuse(
        'setup.not_ready',
        'You need two ways in first: two security keys, or one and a recovery code.',
        'Enrol another security key, or make a recovery code.',
      )
    }
    const server = serverAddress(request.server)
    if (!server.ok) return server
    const { installation, deviceSecret } = core
    const plan: TeamToFound = {
      enrolment,
      nonce,
      device: { device: installation.device, deviceSecret },
      name: request.name,
      deviceName: request.device,
      teamName: request.team,
      server: server.value,
      setupToken: request.setupToken.trim(),
      connect: wsConnector,
      now: Date.now(),
    }
    const own = await enrolment.moveTo(teamIdOf(nonce, memberKeys(enrolment.root).sign.publicKey))
    if (!own.ok) return own
    setup.value.genesis ??= genesisOf(plan)
    const founded = await foundTeam(plan, setup.value.genesis)
    if (!founded.ok) return founded
    const membership = founded.value
    core.save({ membership })
    await core.openDevice(membership)
    const opened = await openSession(core, enrolment.root.copy())
    if (!opened.ok) return opened
    enrolment.wipe()
    core.setup = null
    return ok(statusView(core))
  },

  'invite.read': (core, { link }) => {
    if (core.installation.membership !== null) return alreadyIn()
    const parsed = parseInviteLink(link, Date.now())
    if (!parsed.ok) return parsed
    const server = exactAddress(parsed.invite.url)
    if (!server.ok) return server
    core.joining = new Joining(core, parsed.invite)
    core.announce('join')
    return ok(core.joining.view())
  },

  'invite.join': async (core, { name, device }) =>
    core.joining === null ? noInvite() : core.joining.start(name, device),

  'invite.joinState': (core) => {
    if (core.joining !== null) return ok(core.joining.view())
    return core.session === null
      ? noInvite()
      : ok({
          state: 'joined',
          team: core.session.ledger.names.team,
          server: core.installation.membership?.server.url ?? '',
          code: null,
          error: null,
        })
  },

  'invite.confirmJoin': async (core, { same }) =>
    core.joining === null ? noInvite() : core.joining.confirm(same),
}

const noInvite = () =>
  refuse('invite.none', 'No invite is being taken up here.', 'Paste the invite you were sent.')
