import { bytesSchema, hashSchema } from '@countersign/schema/bytes'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { headSchema } from '@countersign/schema/entry'
import { mailboxSlotSchema, signedSeenSchema, signedWrapSchema } from '@countersign/schema/wire'
import { z } from 'zod'

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const logEntry = z.strictObject({ id: z.string(), hash: bytesSchema(1, 64), bytes })
const batch = z.strictObject({
  team: z.string(),
  parts: z.array(
    z.strictObject({ stream: z.string(), expected: headSchema.nullable(), entries: z.array(logEntry) }),
  ),
})

/** One durable transaction of a server's store. */
const serverRecordSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('made'), serverId: hashSchema, nodeSecret: hashSchema }),
  z.strictObject({ op: z.literal('append'), batches: z.array(batch) }),
  z.strictObject({ op: z.literal('token'), hash: bytes }),
  z.strictObject({ op: z.literal('create'), team: z.string(), token: bytes, genesis: logEntry }),
  z.strictObject({
    op: z.literal('mailbox.open'),
    mailbox: z.strictObject({
      mailbox: z.string(),
      team: z.string(),
      member: z.string(),
      expiresAt: z.number(),
    }),
    now: z.number(),
  }),
  z.strictObject({
    op: z.literal('mailbox.post'),
    mailbox: z.string(),
    slot: mailboxSlotSchema,
    blob: bytes,
    joiner: bytes.nullable(),
  }),
  z.strictObject({ op: z.literal('mailbox.close'), mailbox: z.string() }),
  z.strictObject({ op: z.literal('seen'), seen: signedSeenSchema }),
  z.strictObject({ op: z.literal('wrap'), wrap: signedWrapSchema }),
  z.strictObject({ op: z.literal('nonce'), nonce: bytes, expiresAt: z.number(), now: z.number() }),
  z.strictObject({ op: z.literal('probe'), padding: bytes }),
])
export type ServerRecord = z.infer<typeof serverRecordSchema>

export const encodeServerRecord = (record: ServerRecord): Uint8Array => encodeCanonical(record as CborValue)
export const decodeServerRecord = (record: Uint8Array): ServerRecord =>
  serverRecordSchema.parse(decodeCanonical(record))
