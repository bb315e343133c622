import { equalBytes } from '@countersign/crypto/hash'
import { verifySignature } from '@countersign/crypto/verify-signature'
import { type Comparison, type ExchangeEnd, refuseStep, type Step, stay } from './exchange-outcome.ts'
import type { JoinOffer, SlotMessage } from './invite-messages.ts'
import {
  commitmentOf,
  INVITE_NONCE_PURPOSE,
  type InviteGround,
  nonceStatement,
  transcriptOf,
} from './transcript.ts'

export interface InviteeGround extends InviteGround {
  readonly offer: JoinOffer
  /** 32 random bytes, kept over restarts. */
  readonly nonce: Uint8Array
}

export type InviteeState =
  | { readonly state: 'new' }
  | { readonly state: 'committed' }
  | { readonly state: 'comparing'; readonly comparison: Comparison; readonly inviterNonce: Uint8Array }
  /** Confirmed here: the inviter has to, too, and to add us. */
  | { readonly state: 'confirmed'; readonly comparison: Comparison; readonly inviterNonce: Uint8Array }
  | ExchangeEnd

export type InviteeEvent =
  | { readonly type: 'start' }
  | { readonly type: 'slot'; readonly message: SlotMessage }
  | { readonly type: 'altered' }
  | { readonly type: 'confirm' }
  | { readonly type: 'decline'; readonly reason: string }

export const INVITEE_START: InviteeState = { state: 'new' }

const ended = (state: InviteeState): state is ExchangeEnd =>
  state.state === 'accepted' || state.state === 'declined' || state.state === 'refused'

/** The newcomer's side of an invite as a pure function (P12): a terminal state stays what it is. */
export const inviteeStep = (
  ground: InviteeGround,
  state: InviteeState,
  event: InviteeEvent,
  now: number,
): Step<InviteeState> => {
  if (ended(state)) return stay(state)
  if (event.type === 'altered') return refuseStep('invitee', 'mailbox.altered')
  if (event.type === 'decline') {
    const { reason } = event
    return {
      state: { state: 'declined', by: 'invitee', reason },
      posts: [{ slot: 'declined', content: { by: 'invitee', code: 'declined', reason } }],
    }
  }
  // Once both have confirmed, the answer may come late: the inviter's side decided in time.
  if (now >= ground.expiresAt && state.state !== 'confirmed') return refuseStep('invitee', 'mailbox.expired')
  switch (event.type) {
    case 'start': {
      if (state.state !== 'new') return stay(state)
      const commitment = commitmentOf(ground, ground.offer, ground.nonce)
      return { state: { state: 'committed' }, posts: [{ slot: 'commit', content: { commitment } }] }
    }
    case 'confirm': {
      if (state.state !== 'comparing') return stay(state)
      const content = { transcript: state.comparison.transcript.hash }
      return { state: { ...state, state: 'confirmed' }, posts: [{ slot: 'confirmed', content }] }
    }
    case 'slot':
      return received(ground, state, event.message)
  }
}

const received = (ground: InviteeGround, state: InviteeState, message: SlotMessage): Step<InviteeState> => {
  switch (message.slot) {
    case 'commit': {
      const commitment = commitmentOf(ground, ground.offer, ground.nonce)
      if (!equalBytes(message.content.commitment, commitment)) return refuseStep('invitee', 'mailbox.altered')
      return stay(state.state === 'new' ? { state: 'committed' } : state)
    }
    case 'nonce':
      return answered(ground, state, message.content)
    case 'open':
      return equalBytes(message.content.nonce, ground.nonce)
        ? stay(state)
        : refuseStep('invitee', 'mailbox.altered')
    case 'confirmed': {
      if (state.state !== 'comparing' && state.state !== 'confirmed')
        return refuseStep('invitee', 'mailbox.order')
      const same = equalBytes(message.content.transcript, state.comparison.transcript.hash)
      return same ? stay({ ...state, state: 'confirmed' }) : refuseStep('invitee', 'mailbox.altered')
    }
    case 'accepted': {
      if (state.state !== 'confirmed') return refuseStep('invitee', 'mailbox.order')
      const { comparison } = state
      if (!equalBytes(message.content.transcript, comparison.transcript.hash)) {
        return refuseStep('invitee', 'mailbox.transcript')
      }
      return stay({ state: 'accepted', comparison, head: message.content.head })
    }
    case 'declined': {
      const { by, reason } = message.content
      return stay({ state: 'declined', by, reason })
    }
  }
}

const answered = (
  ground: InviteeGround,
  state: InviteeState,
  content: Extract<SlotMessage, { slot: 'nonce' }>['content'],
): Step<InviteeState> => {
  if (state.state === 'comparing' || state.state === 'confirmed') {
    const same = equalBytes(state.inviterNonce, content.nonce)
    return same ? stay(state) : refuseStep('invitee', 'mailbox.order')
  }
  if (state.state !== 'committed') return refuseStep('invitee', 'mailbox.order')
  const { nonce: inviterNonce, about, signature } = content
  const commitment = commitmentOf(ground, ground.offer, ground.nonce)
  const statement = nonceStatement(ground, commitment, inviterNonce, about)
  if (!verifySignature(ground.inviter, INVITE_NONCE_PURPOSE, statement, signature)) {
    return refuseStep('invitee', 'mailbox.inviter')
  }
  const { offer, nonce: inviteeNonce } = ground
  const transcript = transcriptOf(ground, { commitment, inviterNonce, about, offer, inviteeNonce })
  return {
    state: { state: 'comparing', comparison: { transcript, offer, about }, inviterNonce },
    posts: [{ slot: 'open', content: { offer, nonce: inviteeNonce } }],
  }
}
