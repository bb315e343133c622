import type { Head } from '@countersign/schema/entry'
import type { InviteAbout, JoinOffer, SlotMessage } from './invite-messages.ts'
import type { Transcript } from './transcript.ts'

export type ExchangeRefusalCode =
  /** A blob in a slot that was not sealed for it, or not what we wrote: the server, or whoever reads the link, tampers. */
  | 'mailbox.altered'
  /** A step before its turn, or one said twice in two ways. */
  | 'mailbox.order'
  /** What was opened is not what was committed to. */
  | 'mailbox.commitment'
  /** The nonce is not signed by the inviter whom the link names. */
  | 'mailbox.inviter'
  /** The other side confirmed another transcript. */
  | 'mailbox.transcript'
  | 'mailbox.expired'

export const EXCHANGE_REFUSALS: Record<ExchangeRefusalCode, string> = {
  'mailbox.altered':
    'A message of this invite was changed on its way. Make a new invite and send it by another way.',
  'mailbox.order': 'The messages of this invite came in an impossible order. Make a new invite.',
  'mailbox.commitment':
    'The other side showed other keys than those it had committed to. Do not continue: somebody is in between.',
  'mailbox.inviter':
    'The answer is not from the person who made this invite. Do not continue: somebody is in between.',
  'mailbox.transcript':
    'The other side confirmed something else than what is shown here. Do not continue: somebody is in between.',
  'mailbox.expired': 'This invite has expired. Make a new one.',
}

/** Both people compare `code`; nothing is joined before both have confirmed (P12). */
export interface Comparison {
  readonly transcript: Transcript
  readonly offer: JoinOffer
  readonly about: InviteAbout
}

/** Where an exchange ends. */
export type ExchangeEnd =
  | { readonly state: 'accepted'; readonly comparison: Comparison; readonly head: Head }
  | { readonly state: 'declined'; readonly by: 'inviter' | 'invitee'; readonly reason: string }
  | { readonly state: 'refused'; readonly code: ExchangeRefusalCode; readonly message: string }

export interface Step<S> {
  readonly state: S
  /** To be written into the mailbox, in order. */
  readonly posts: readonly SlotMessage[]
}

export const stay = <S>(state: S): Step<S> => ({ state, posts: [] })

/** Ends with a refusal and lets the other side know that it is over. */
export const refuseStep = (by: 'inviter' | 'invitee', code: ExchangeRefusalCode): Step<ExchangeEnd> => ({
  state: { state: 'refused', code, message: EXCHANGE_REFUSALS[code] },
  posts: code === 'mailbox.expired' ? [] : [{ slot: 'declined', content: { by, code, reason: '' } }],
})
