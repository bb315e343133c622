import { z } from 'zod'
import { blobSchema, hashSchema, seqSchema, signatureSchema, timeSchema } from './bytes.ts'
import { type CborValue, decodeCanonical, encodeCanonical, viewCanonical } from './canonical.ts'
import { MAX_ENTRY_BYTES } from './entry-limits.ts'
import { idSchema, streamSchema } from './ids.ts'
import { isEnvelope } from './shape.ts'

/** Where a stream stands: the number of its last entry and that entry's hash. An empty stream has no head. */
export const headSchema = z.strictObject({ seq: seqSchema, hash: hashSchema })
export type Head = z.infer<typeof headSchema>

/**
 * The signed part of an entry, in every stream. `prev` is the hash of the entry before (32 zero bytes at seq 0);
 * `ledger` is the ledger head its author had seen (null only in a team's first entry; in the ledger it is the entry before).
 * `plain` is what the server may see; `body` is sealed as the type says. `id` is random and unique in its stream.
 * Who signs: the author's member key in the ledger and in compartments, the device key in audit streams.
 */
export const envelopeSchema = z.strictObject({
  v: z.literal(1),
  team: idSchema,
  stream: streamSchema,
  seq: seqSchema,
  prev: hashSchema,
  ledger: headSchema.nullable(),
  id: idSchema,
  member: idSchema,
  device: idSchema,
  type: z.string().regex(/^[a-z]+\.[a-z_]+$/),
  time: timeSchema,
  plain: z.record(z.string(), z.unknown()),
  body: blobSchema.nullable(),
})
export type Envelope = z.infer<typeof envelopeSchema>

const signedSchema = z.tuple([
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= MAX_ENTRY_BYTES),
  signatureSchema,
])

export interface SignedEntry {
  readonly envelope: Envelope
  /** The canonical bytes that were signed. */
  readonly envelopeBytes: Uint8Array
  readonly signature: Uint8Array
}

/** The domain under which an entry is signed and hashed. */
export const ENTRY_PURPOSE = 'entry'

/** Canonical bytes of an envelope: what the author signs. */
export const encodeEnvelope = (envelope: Envelope): Uint8Array => encodeCanonical(envelope as CborValue)

/** An entry as it is stored and sent: CBOR [envelope bytes, signature]. Its hash covers both. */
export const encodeEntry = (envelopeBytes: Uint8Array, signature: Uint8Array): Uint8Array =>
  encodeCanonical([envelopeBytes, signature])

/** The length of a byte string whose canonical head is at `at`, and where its contents start; undefined where there is no such head. */
const bytesAt = (bytes: Uint8Array, at: number): { start: number; end: number } | undefined => {
  const head = bytes[at]
  const [one = 0, two = 0] = [bytes[at + 1], bytes[at + 2]]
  if (head === 0x58 && one >= 24) return { start: at + 2, end: at + 2 + one }
  const length = one * 0x100 + two
  return head === 0x59 && length >= 0x100 ? { start: at + 3, end: at + 3 + length } : undefined
}

const view = (bytes: Uint8Array, start: number, end: number): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start)

/** The two parts of an entry of ordinary size where it is one, without a copy; undefined: ask the decoder. */
const partsOf = (bytes: Uint8Array): readonly [Uint8Array, Uint8Array] | undefined => {
  const envelope = bytes[0] === 0x82 ? bytesAt(bytes, 1) : undefined
  const signature = envelope === undefined ? undefined : bytesAt(bytes, envelope.end)
  if (envelope === undefined || signature === undefined) return undefined
  if (signature.end - signature.start !== 64 || signature.end !== bytes.length) return undefined
  return [view(bytes, envelope.start, envelope.end), view(bytes, signature.start, signature.end)]
}

/**
 * Parses an entry's bytes; throws CanonicalError or ZodError. It does not check the signature or the chain. Envelope bytes and signature
 * may be views of `bytes`; with `views` the envelope's byte strings are, too: for what is not kept longer than `bytes`.
 */
export const decodeEntry = (bytes: Uint8Array, { views = false } = {}): SignedEntry => {
  const [envelopeBytes, signature] = partsOf(bytes) ?? signedSchema.parse(decodeCanonical(bytes))
  const envelope = views ? viewCanonical(envelopeBytes) : decodeCanonical(envelopeBytes)
  return {
    envelope: isEnvelope(envelope) ? (envelope as Envelope) : envelopeSchema.parse(envelope),
    envelopeBytes,
    signature,
  }
}
