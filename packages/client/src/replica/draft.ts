import { entryHash, zeroHash } from '@countersign/ledger/entry-hash'
import type { CborValue } from '@countersign/schema/canonical'
import {
  type Envelope,
  encodeEntry,
  encodeEnvelope,
  type Head,
  type SignedEntry,
} from '@countersign/schema/entry'
import { LEDGER, newId, type StreamName } from '@countersign/schema/ids'
import type { AppendPart } from '@countersign/schema/wire'

/** What a builder wants to append; the replica makes the envelope, so that a stale head costs a signature and nothing else. */
export interface Draft {
  readonly stream: StreamName
  readonly type: string
  readonly plain: { readonly [key: string]: CborValue | undefined }
  /** Sealed already, with the entry's `id` in its context. */
  readonly body: Uint8Array | null
  /** Random, the same in every attempt (P19); made here where the body does not need it. */
  readonly id?: string
}

export interface Signer {
  /** Signs under purpose `entry`: the member key for the ledger and compartments, the device key for audit streams. */
  sign(stream: StreamName, envelopeBytes: Uint8Array): Uint8Array
}

export interface SignedDraft {
  readonly stream: StreamName
  readonly seq: number
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
  readonly entry: SignedEntry
}

interface DraftPlace {
  readonly team: string
  readonly member: string
  readonly device: string
  readonly time: number
  readonly head: (stream: StreamName) => Head | null
}

/**
 * Signs drafts in their order, each after the one before it in its stream, citing the ledger as of the drafts before it.
 * Signatures of Ed25519 are deterministic: the same drafts at the same place give the same bytes.
 */
export const signDrafts = (drafts: readonly Draft[], place: DraftPlace, signer: Signer): SignedDraft[] => {
  const heads = new Map<StreamName, Head | null>()
  const headOf = (stream: StreamName): Head | null =>
    heads.has(stream) ? (heads.get(stream) ?? null) : place.head(stream)
  return drafts.map((draft) => {
    const { stream, type, plain, body, id = newId() } = draft
    const head = headOf(stream)
    const { team, member, device, time } = place
    const envelope: Envelope = {
      v: 1,
      team,
      stream,
      seq: head === null ? 0 : head.seq + 1,
      prev: head === null ? zeroHash() : head.hash,
      ledger: headOf(LEDGER),
      id,
      member,
      device,
      type,
      time,
      plain,
      body,
    }
    const envelopeBytes = encodeEnvelope(envelope)
    const signature = signer.sign(stream, envelopeBytes)
    const bytes = encodeEntry(envelopeBytes, signature)
    const hash = entryHash(bytes)
    heads.set(stream, { seq: envelope.seq, hash })
    return { stream, seq: envelope.seq, hash, bytes, entry: { envelope, envelopeBytes, signature } }
  })
}

/** One part a stream, as the wire wants them; `head`: where the streams stand before. */
export const partsOf = (
  entries: readonly SignedDraft[],
  head: (stream: StreamName) => Head | null,
): AppendPart[] => {
  const byStream = new Map<StreamName, Uint8Array[]>()
  for (const { stream, bytes } of entries) byStream.set(stream, [...(byStream.get(stream) ?? []), bytes])
  return [...byStream].map(([stream, each]) => ({ stream, expected: head(stream), entries: each }))
}
