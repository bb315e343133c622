import { z } from 'zod'
import { blobSchema, hashSchema, seqSchema, signatureSchema, timeSchema } from './bytes.ts'
import { type CborValue, decodeCanonical, encodeCanonical } from './canonical.ts'
import { idSchema, streamSchema } from './ids.ts'

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

/** Largest encoded entry, in bytes: a re-key of a team of 500 members fits. */
export const MAX_ENTRY_BYTES = 4 * 1024 * 1024

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

/** Parses an entry's bytes; throws CanonicalError or ZodError. It does not check the signature or the chain. */
export const decodeEntry = (bytes: Uint8Array): SignedEntry => {
  const [envelopeBytes, signature] = signedSchema.parse(decodeCanonical(bytes))
  return { envelope: envelopeSchema.parse(decodeCanonical(envelopeBytes)), envelopeBytes, signature }
}
