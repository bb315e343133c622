import { sealBody } from '@countersign/client/team/entry-body'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { randomBytes } from '@countersign/crypto/random'
import type { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import {
  ENTRY_PURPOSE,
  type Envelope,
  encodeEntry,
  encodeEnvelope,
  type Head,
} from '@countersign/schema/entry'
import { LEDGER, newId } from '@countersign/schema/ids'
import type { LedgerBody, LedgerEntryType, LedgerPlain } from '@countersign/schema/ledger-entries'
import type { Timeline } from './timeline.ts'

/** In whose name, and with which key. */
export interface Pen {
  readonly team: string
  readonly member: string
  readonly device: string
  /** The key that really signs: the author's own where it was stolen, any other where the server has to make one up. */
  readonly key: KeyPair
}

interface Place {
  readonly stream: string
  readonly type: string
  readonly plain: Envelope['plain']
  readonly body: Uint8Array | null
  readonly id?: string
  readonly time?: number
  /** Cited ledger head; what the history has now, unless said otherwise. */
  readonly ledger?: Head | null
  readonly alter?: (envelope: Envelope) => Envelope
}

/** The next entry of a history, signed with the pen's key. It is not put there. */
export const forgeEntry = (pen: Pen, timeline: Timeline, place: Place): Uint8Array => {
  const head = timeline.head(place.stream)
  const draft: Envelope = {
    v: 1,
    team: pen.team,
    stream: place.stream,
    seq: head === null ? 0 : head.seq + 1,
    prev: head === null ? new Uint8Array(32) : head.hash,
    ledger: place.ledger === undefined ? timeline.head(LEDGER) : place.ledger,
    id: place.id ?? newId(),
    member: pen.member,
    device: pen.device,
    type: place.type,
    time: place.time ?? Date.now(),
    plain: place.plain,
    body: place.body,
  }
  const bytes = encodeEnvelope(place.alter?.(draft) ?? draft)
  return encodeEntry(bytes, sign(pen.key.secretKey, ENTRY_PURPOSE, bytes))
}

/** A ledger entry whose body is sealed under the team key; without one, with a body that nobody can open. */
export const forgeLedger = <T extends LedgerEntryType>(
  pen: Pen,
  timeline: Timeline,
  teamKey: { readonly epoch: number; readonly key: Secret } | null,
  type: T,
  plain: Omit<LedgerPlain<T>, 'teamKeyEpoch'>,
  body: LedgerBody<T>,
  more: Partial<Place> = {},
): Uint8Array => {
  const id = more.id ?? newId()
  const epoch = teamKey?.epoch ?? 0
  return forgeEntry(pen, timeline, {
    stream: LEDGER,
    type,
    plain: { ...plain, teamKeyEpoch: epoch },
    body: teamKey === null ? randomBytes(137) : sealBody<T>(pen.team, id, epoch, teamKey.key, body),
    ...more,
    id,
  })
}
