import type { Head } from '@countersign/schema/entry'
import { compartmentStream, type StreamName } from '@countersign/schema/ids'
import type { ServerMessage } from '@countersign/schema/wire'
import { type Draft, type SignedDraft, signDrafts } from '../src/replica/draft.ts'
import type { Replica } from '../src/replica/replica.ts'
import type { Person } from './people.ts'
import { type Tamper, tampering } from './tampering.ts'

/** Who an entry names as its author, and who signs it. */
export interface Hand {
  readonly names: Person
  readonly signs: Person
}

/** A chain as somebody who colludes with the server makes it: whole in its hashes, each entry signed by whom `hand` says. */
export const forgedHistory = (
  replica: Replica,
  team: string,
  drafts: readonly Draft[],
  hand: (seq: number) => Hand,
): SignedDraft[] => {
  const heads = new Map<StreamName, Head>()
  return drafts.flatMap((draft, seq) => {
    const { names, signs } = hand(seq)
    const { member, device } = names
    const head = (stream: StreamName): Head | null => heads.get(stream) ?? replica.head(stream)
    const signed = signDrafts([draft], { team, member, device, time: Date.now(), head }, signs.signer)
    for (const { stream, seq: at, hash } of signed) heads.set(stream, { seq: at, hash })
    return signed
  })
}

/** The real server, but with this history in the place of an environment's empty stream. */
export const showing = (environment: string, history: readonly SignedDraft[], perMessage = 400) => {
  const stream = compartmentStream(environment)
  const last = history.at(-1)
  if (last === undefined) throw new Error('an empty history')
  const head = { seq: last.seq, hash: last.hash }
  const messages: ServerMessage[] = []
  for (let from = 0; from < history.length; from += perMessage) {
    const entries = history.slice(from, from + perMessage).map(({ bytes }) => bytes)
    messages.push({ type: 'entries', ref: null, stream, from, entries })
  }
  const tamper: Tamper = (message) => {
    if (message.type === 'welcome') {
      const others = message.heads.filter((each) => each.stream !== stream)
      return [{ ...message, heads: [...others, { stream, head }] }]
    }
    return message.type === 'caught_up' ? [...messages, message] : [message]
  }
  return tampering(tamper)
}
