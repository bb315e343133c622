import { inviteKeys } from '@countersign/crypto/invite-key'
import { randomBytes } from '@countersign/crypto/random'
import type { Connector } from '../transport/connector.ts'
import { ExchangeDriver } from './exchange-driver.ts'
import type { Invite } from './invite-link.ts'
import type { JoinOffer } from './invite-messages.ts'
import { INVITEE_START, type InviteeEvent, type InviteeState, inviteeStep } from './invitee-exchange.ts'
import { type JoinerOptions, joinerMailbox } from './joiner-mailbox.ts'
import type { WireRefusal } from './mailbox-wire.ts'

export interface JoinInviteOptions {
  /** From `parseInviteLink`. */
  readonly invite: Invite
  /** Keys, device and credentials made here; the device and the credentials are for `offer.member`. */
  readonly offer: JoinOffer
  readonly connect: Connector
  readonly clock: () => number
  /** What an earlier run of the program kept; with the same offer. */
  readonly resume?: { readonly nonce: Uint8Array; readonly clientNonce: Uint8Array }
  readonly timing?: JoinerOptions['timing']
  readonly onState: (state: InviteeState) => void
  /** The server ended it: `mailbox.used` (somebody else has used this invite), `mailbox.expired`, `mailbox.unknown`, `server.changed`. */
  readonly onRefused: (refusal: WireRefusal) => void
  readonly onConnection?: (connected: boolean) => void
}

export interface JoinInvite {
  /** For `resume`. */
  readonly nonce: Uint8Array
  readonly clientNonce: Uint8Array
  state(): InviteeState
  /** The code is the same on both sides. `accepted` follows once the inviter has said so too and added us. */
  confirm(): void
  decline(reason: string): Promise<void>
  close(): Promise<void>
}

/**
 * Runs the newcomer's side of an invite (P12). After `accepted` the installation opens its Replica with the invite's team, genesis
 * hash and server, and the accepted head as its floor.
 */
export const joinInvite = (options: JoinInviteOptions): JoinInvite => {
  const { invite, offer, onState } = options
  const keys = inviteKeys(invite.secret)
  const mailbox = keys.sign.publicKey
  const nonce = options.resume?.nonce ?? randomBytes(32)
  const clientNonce = options.resume?.clientNonce ?? randomBytes(32)
  const { server, team, genesisHash, expiresAt } = invite
  const ground = {
    server,
    team,
    genesisHash,
    mailbox,
    inviter: invite.inviter.signKey,
    expiresAt,
    offer,
    nonce,
  }
  const driver = new ExchangeDriver<InviteeState, InviteeEvent>({
    key: { team, mailbox, seal: keys.seal },
    start: INVITEE_START,
    step: (state, event) => inviteeStep(ground, state, event, options.clock()),
    onSlot: (message) => ({ type: 'slot', message }),
    altered: { type: 'altered' },
    onState,
    onRefused: options.onRefused,
  })
  const wire = joinerMailbox({
    connect: options.connect,
    url: invite.url,
    server,
    key: keys.sign,
    clientNonce,
    ...(options.timing === undefined ? {} : { timing: options.timing }),
    events: {
      onSlot: (slot, blob) => driver.received(slot, blob),
      onRefused: options.onRefused,
      onConnection: (connected) => options.onConnection?.(connected),
    },
  })
  driver.attach(wire)
  driver.dispatch({ type: 'start' })
  return {
    nonce,
    clientNonce,
    state: () => driver.state,
    confirm: () => driver.dispatch({ type: 'confirm' }),
    decline: async (reason) => {
      driver.dispatch({ type: 'decline', reason })
      await driver.flushed()
    },
    close: async () => {
      driver.stop()
      await wire.close()
    },
  }
}
