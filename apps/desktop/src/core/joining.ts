import type { Invite } from '@countersign/client/mailbox/invite-link'
import type { JoinOffer } from '@countersign/client/mailbox/invite-messages'
import type { InviteeState } from '@countersign/client/mailbox/invitee-exchange'
import { type JoinInvite, joinInvite } from '@countersign/client/mailbox/join-invite'
import { newcomerRecords } from '@countersign/client/members/new-member'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import { joinedTeam, newMemberOf } from '@countersign/client/team/found-team'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import type { Head } from '@countersign/schema/entry'
import type { JoinView } from '../shared/views.ts'
import type { Core, TakenInvite } from './core-state.ts'
import { openSession } from './open-session.ts'

/** An invite being taken up on this installation, from the pasted link until the team has a new member (P12). */
export class Joining implements TakenInvite {
  readonly invite: Invite
  readonly #core: Core
  #state: JoinView['state'] = 'enrolling'
  #team: string | null = null
  #code: string | null = null
  #error: JoinView['error'] = null
  #exchange: JoinInvite | null = null
  #finishing = false

  constructor(core: Core, invite: Invite) {
    this.#core = core
    this.invite = invite
  }

  view(): JoinView {
    const { url } = this.invite
    return { state: this.#state, team: this.#team, server: url, code: this.#code, error: this.#error }
  }

  /** Shows the enrolled keys to the inviter. Keys enrolled before the link was read are proved for this team first. */
  async start(name: string, deviceName: string): Promise<Outcome<JoinView>> {
    const { setup, installation, deviceSecret } = this.#core
    if (setup === null || !setup.enrolment.ready) {
      return refuse(
        'setup.not_ready',
        'You need two ways in first: two security keys, or one and a recovery code.',
        'Enrol another security key, or make a recovery code.',
      )
    }
    if (this.#exchange !== null) return ok(this.view())
    const moved = await setup.enrolment.moveTo(this.invite.team)
    if (!moved.ok) return moved
    const member = newMemberOf(
      setup.enrolment,
      { device: installation.device, deviceSecret },
      { name, deviceName },
    )
    const records = newcomerRecords(this.invite.team, member, [])
    const offer: JoinOffer = {
      member: member.member,
      signKey: records.member.signKey,
      kemKey: records.member.kemKey,
      recovery: records.member.recovery,
      device: records.device,
      credentials: records.credentials,
      names: { name, device: deviceName, credentials: [...member.labels] },
    }
    this.#state = 'exchanging'
    this.#exchange = joinInvite({
      invite: this.invite,
      offer,
      connect: wsConnector,
      clock: Date.now,
      onState: (state) => this.#moved(state),
      onRefused: ({ code, message }) => this.#fail(code, message, fixOf(code)),
    })
    return ok(this.view())
  }

  async confirm(same: boolean): Promise<Outcome<JoinView>> {
    if (this.#exchange === null || this.#exchange.state().state !== 'comparing') {
      return refuse('invite.too_early', 'There is no code to compare yet.', 'Wait for the other person.')
    }
    if (same) this.#exchange.confirm()
    else await this.#exchange.decline('The codes were not the same.')
    return ok(this.view())
  }

  async close(): Promise<void> {
    await this.#exchange?.close()
  }

  #moved(state: InviteeState): void {
    switch (state.state) {
      case 'comparing':
        this.#state = 'code'
        this.#code = state.comparison.transcript.code
        this.#team = state.comparison.about.team
        break
      case 'confirmed':
        this.#state = 'waiting_for_inviter'
        break
      case 'accepted':
        void this.#finish(state.head)
        return
      case 'declined':
        this.#fail(
          'invite.declined',
          declinedWords(state.by, state.reason),
          'Talk to the person who invited you.',
        )
        return
      case 'refused':
        this.#fail(state.code, state.message, fixOf(state.code))
        return
      default:
    }
    this.#core.announce('join')
  }

  /** The team has us: keep the ways in, fetch the ledger from the floor on, and open. */
  async #finish(head: Head): Promise<void> {
    const { setup } = this.#core
    if (setup === null || this.#finishing) return
    this.#finishing = true
    try {
      const { genesisHash, url, server } = this.invite
      const membership = joinedTeam(setup.enrolment, { genesisHash, head, server: { url, id: server } })
      this.#core.save({ membership })
      await this.#core.openDevice(membership)
      const opened = await openSession(this.#core, setup.enrolment.root.copy())
      if (!opened.ok) return this.#fail(opened.code, opened.message, opened.fix)
      setup.enrolment.wipe()
      this.#core.setup = null
      this.#state = 'joined'
      this.#core.joining = null
      this.#core.announce('join', 'vaults', 'items', 'members')
    } catch (error) {
      const message = error instanceof Error ? error.message : 'Joining failed.'
      this.#fail('join.failed', message, 'Unlock Countersign; if that fails, ask for a new invite.')
    } finally {
      await this.close()
    }
  }

  #fail(code: string, message: string, fix: string): void {
    if (this.#state === 'joined') return
    this.#state = 'failed'
    this.#error = { code, message, fix }
    this.#core.announce('join')
  }
}

/** Somebody who uses an invite meant for another is worth more words than one that is over. */
const fixOf = (code: string): string =>
  code === 'mailbox.used'
    ? 'If that is not you, tell the person who invited you. Ask for a new invite, sent by another way.'
    : 'Ask for a new invite.'

const declinedWords = (by: 'inviter' | 'invitee', reason: string): string => {
  const who = by === 'inviter' ? 'The person who invited you ended this' : 'You ended this'
  return reason === '' ? `${who}.` : `${who}: ${reason}`
}
