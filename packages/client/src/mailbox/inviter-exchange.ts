import { equalBytes } from '@countersign/crypto/hash'
import type { Head } from '@countersign/schema/entry'
import { type Comparison, type ExchangeEnd, refuseStep, type Step, stay } from './exchange-outcome.ts'
import type { InviteAbout, SlotMessage } from './invite-messages.ts'
import { commitmentOf, type InviteGround, transcriptOf } from './transcript.ts'

/** What the inviter's side knows from the start. */
export interface InviterGround extends InviteGround {
  readonly about: InviteAbout
  /** 32 random bytes, kept over restarts: the server hands back what was written with it. */
  readonly nonce: Uint8Array
  /** The member key's signature over `nonceStatement`. */
  readonly signNonce: (commitment: Uint8Array) => Uint8Array
}

export type InviterState =
  | { readonly state: 'waiting' }
  | { readonly state: 'answered'; readonly commitment: Uint8Array }
  | {
      readonly state: 'comparing'
      readonly commitment: Uint8Array
      readonly comparison: Comparison
      readonly here: boolean
      readonly there: boolean
    }
  /** Both confirmed: the newcomer may be made a member now. */
  | { readonly state: 'agreed'; readonly commitment: Uint8Array; readonly comparison: Comparison }
  | ExchangeEnd

export type InviterEvent =
  | { readonly type: 'slot'; readonly message: SlotMessage }
  | { readonly type: 'altered' }
  | { readonly type: 'confirm' }
  | { readonly type: 'decline'; readonly reason: string }
  /** The ledger entry that makes the newcomer a member is in. */
  | { readonly type: 'added'; readonly head: Head }

export const INVITER_START: InviterState = { state: 'waiting' }

const ended = (state: InviterState): state is ExchangeEnd =>
  state.state === 'accepted' || state.state === 'declined' || state.state === 'refused'

const confirmIf = (
  state: InviterState & { state: 'comparing' },
  who: 'here' | 'there',
): Step<InviterState> => {
  const next = { ...state, [who]: true }
  const { commitment, comparison } = state
  return stay(next.here && next.there ? { state: 'agreed', commitment, comparison } : next)
}

/** The inviter's side of an invite as a pure function (P12): a terminal state stays what it is. */
export const inviterStep = (
  ground: InviterGround,
  state: InviterState,
  event: InviterEvent,
  now: number,
): Step<InviterState> => {
  if (ended(state)) return stay(state)
  if (event.type === 'altered') return refuseStep('inviter', 'mailbox.altered')
  if (event.type === 'decline') {
    const { reason } = event
    return {
      state: { state: 'declined', by: 'inviter', reason },
      posts: [{ slot: 'declined', content: { by: 'inviter', code: 'declined', reason } }],
    }
  }
  if (event.type === 'added') {
    if (state.state !== 'agreed') return refuseStep('inviter', 'mailbox.order')
    const { comparison } = state
    const content = { transcript: comparison.transcript.hash, head: event.head }
    return {
      state: { state: 'accepted', comparison, head: event.head },
      posts: [{ slot: 'accepted', content }],
    }
  }
  if (now >= ground.expiresAt) return refuseStep('inviter', 'mailbox.expired')
  if (event.type === 'confirm') {
    return state.state === 'comparing' ? confirmIf(state, 'here') : stay(state)
  }
  return received(ground, state, event.message)
}

const received = (ground: InviterGround, state: InviterState, message: SlotMessage): Step<InviterState> => {
  switch (message.slot) {
    case 'commit': {
      const { commitment } = message.content
      if (state.state !== 'waiting')
        return again(state, 'commitment' in state && equalBytes(state.commitment, commitment))
      const { nonce, about } = ground
      const content = { nonce, about, signature: ground.signNonce(commitment) }
      return { state: { state: 'answered', commitment }, posts: [{ slot: 'nonce', content }] }
    }
    case 'nonce':
      // Our own, handed back after a new connection.
      return again(state, equalBytes(message.content.nonce, ground.nonce))
    case 'open': {
      if (state.state === 'comparing' || state.state === 'agreed') return stay(state)
      if (state.state !== 'answered') return refuseStep('inviter', 'mailbox.order')
      const { offer, nonce: inviteeNonce } = message.content
      const { commitment } = state
      if (!equalBytes(commitmentOf(ground, offer, inviteeNonce), commitment)) {
        return refuseStep('inviter', 'mailbox.commitment')
      }
      const { nonce: inviterNonce, about } = ground
      const transcript = transcriptOf(ground, { commitment, inviterNonce, about, offer, inviteeNonce })
      const comparison = { transcript, offer, about }
      return stay({ state: 'comparing', commitment, comparison, here: false, there: false })
    }
    case 'confirmed': {
      if (state.state !== 'comparing' && state.state !== 'agreed')
        return refuseStep('inviter', 'mailbox.order')
      if (!equalBytes(message.content.transcript, state.comparison.transcript.hash)) {
        return refuseStep('inviter', 'mailbox.transcript')
      }
      return state.state === 'agreed' ? stay(state) : confirmIf(state, 'there')
    }
    case 'accepted':
      if (state.state !== 'comparing' && state.state !== 'agreed')
        return refuseStep('inviter', 'mailbox.order')
      return stay({ state: 'accepted', comparison: state.comparison, head: message.content.head })
    case 'declined': {
      const { by, reason } = message.content
      return stay({ state: 'declined', by, reason })
    }
  }
}

/** Something that stands already: fine when it is the same, otherwise somebody writes history. */
const again = (state: InviterState, same: boolean): Step<InviterState> =>
  same ? stay(state) : refuseStep('inviter', 'mailbox.order')
