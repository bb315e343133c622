import { z } from 'zod'
import { blobSchema, bytesSchema, hashSchema, signatureSchema, signKeySchema, timeSchema } from './bytes.ts'
import { type CborValue, decodeCanonical, encodeCanonical, viewCanonical } from './canonical.ts'
import { headSchema } from './entry.ts'
import { MAX_ENTRIES, MAX_ENTRY_BYTES, MIN_ENTRY_BYTES } from './entry-limits.ts'
import { idSchema, streamSchema } from './ids.ts'
import { isEntriesMessage } from './shape.ts'

/** Protocol version, in the first message of each side. */
export const PROTOCOL = 1
/** Largest frame in bytes, either direction. */
export const MAX_FRAME_BYTES = 8 * 1024 * 1024

const entryBytes = bytesSchema(MIN_ENTRY_BYTES, MAX_ENTRY_BYTES)
/** Names a request so that its answer finds it; chosen by the client, unique on the connection. */
const ref = z.number().int().nonnegative()
const cursor = z.strictObject({ stream: streamSchema, head: headSchema.nullable() })
export type Cursor = z.infer<typeof cursor>

/** Entries for one stream, following `expected` (null: the stream is new). */
export const appendPartSchema = z.strictObject({
  stream: streamSchema,
  expected: headSchema.nullable(),
  entries: z.array(entryBytes).min(1).max(MAX_ENTRIES),
})
export type AppendPart = z.infer<typeof appendPartSchema>

/**
 * A device's signed statement of the heads it has verified (P17): Ed25519 by the device key over canonical `statement`,
 * purpose `seen`. The server keeps the newest of each device and gives it to the whole team.
 */
export const seenSchema = z.strictObject({
  team: idSchema,
  member: idSchema,
  device: idSchema,
  time: timeSchema,
  heads: z.array(z.strictObject({ stream: streamSchema, head: headSchema })).max(2000),
})
/**
 * A device's cosignature of the Merkle tree over a stream's first `size` entry hashes (c2sp.org/tlog-cosignature): beside its
 * statement, as each is a signature of its own that anybody with a witness's tools can check. `time`: seconds since 1970.
 */
export const cosignedTreeSchema = z.strictObject({
  stream: streamSchema,
  size: z.number().int().positive(),
  root: hashSchema,
  time: timeSchema,
  signature: signatureSchema,
})
export type CosignedTree = z.infer<typeof cosignedTreeSchema>

export const signedSeenSchema = z.strictObject({
  statement: seenSchema,
  signature: signatureSchema,
  trees: z.array(cosignedTreeSchema).max(2000).optional(),
})
export type Seen = z.infer<typeof seenSchema>
export type SignedSeen = z.infer<typeof signedSeenSchema>

/** The steps of an invite's mailbox, each written once (P12). */
export const mailboxSlotSchema = z.enum(['commit', 'nonce', 'open', 'confirmed', 'accepted', 'declined'])
export type MailboxSlot = z.infer<typeof mailboxSlotSchema>

/** A member's own root key, wrapped: kept by the server for a new device, signed by the member (purpose `root-wrap`). */
export const wrapRecordSchema = z.strictObject({
  team: idSchema,
  member: idSchema,
  /** WebAuthn credential id, or the ASCII bytes of "recovery". */
  credential: bytesSchema(1, 1023),
  /** Salt of this credential's PRF (32 bytes). */
  salt: bytesSchema(32),
  blob: blobSchema,
  /** For "recovery": the public key that proves knowledge of the code; null for a security key. */
  locatorKey: signKeySchema.nullable(),
})
export const signedWrapSchema = z.strictObject({ record: wrapRecordSchema, signature: signatureSchema })
export type WrapRecord = z.infer<typeof wrapRecordSchema>
export type SignedWrap = z.infer<typeof signedWrapSchema>

/**
 * Client → server. Before `welcome` only `create`, `hello`, `hello.member` and `mailbox.join` are taken. `hello.signature`: device key over
 * canonical { protocol, server, team, device, serverNonce, clientNonce }, purpose `login`. `mailbox.join.signature`: invite key over
 * canonical { protocol, server, mailbox, serverNonce, clientNonce }, purpose `mailbox-login`. A joiner uses one `clientNonce` for all its
 * connections to a mailbox: whoever posts `commit` first pins theirs, and any other joiner is refused `mailbox.used`.
 * `hello.member` is a member without a device in the ledger (P11). Its signature: member key over canonical { protocol, server, team, member,
 * device, serverNonce, clientNonce }, purpose `member-login`. It is shown the ledger and may append one `device.add` of that device, nothing else.
 * `mailbox.open` by the same member again only listens again. Slots present are sent after `mailbox.joined` and after the `ok` of `mailbox.open`.
 */
export const clientMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('create'),
    protocol: z.literal(PROTOCOL),
    setupToken: z.string().max(200),
    team: idSchema,
    entry: entryBytes,
  }),
  z.strictObject({
    type: z.literal('hello'),
    protocol: z.literal(PROTOCOL),
    team: idSchema,
    device: idSchema,
    clientNonce: hashSchema,
    signature: signatureSchema,
    /** What the client has, per stream; a stream it does not name is sent from the start. */
    cursors: z.array(cursor).max(4000),
  }),
  z.strictObject({
    type: z.literal('hello.member'),
    protocol: z.literal(PROTOCOL),
    team: idSchema,
    member: idSchema,
    /** The device to be added. */
    device: idSchema,
    clientNonce: hashSchema,
    signature: signatureSchema,
    /** What the client has of the ledger; null: nothing. */
    ledger: headSchema.nullable(),
  }),
  z.strictObject({
    type: z.literal('mailbox.join'),
    protocol: z.literal(PROTOCOL),
    mailbox: signKeySchema,
    clientNonce: hashSchema,
    signature: signatureSchema,
  }),
  /** All parts land or none does. Sending the same entries again is answered with `appended` again (idempotent by entry id). */
  z.strictObject({ type: z.literal('append'), ref, parts: z.array(appendPartSchema).min(1).max(250) }),
  /** Asks for a stream from after `after` (null: from the start). */
  z.strictObject({
    type: z.literal('fetch'),
    ref,
    stream: streamSchema,
    after: headSchema.nullable(),
    limit: z.number().int().min(1).max(MAX_ENTRIES),
  }),
  z.strictObject({ type: z.literal('seen'), ref, seen: signedSeenSchema }),
  z.strictObject({ type: z.literal('mailbox.open'), ref, mailbox: signKeySchema, expiresAt: timeSchema }),
  z.strictObject({
    type: z.literal('mailbox.post'),
    ref,
    mailbox: signKeySchema,
    slot: mailboxSlotSchema,
    blob: blobSchema,
  }),
  z.strictObject({ type: z.literal('mailbox.close'), ref, mailbox: signKeySchema }),
  z.strictObject({ type: z.literal('wrap.put'), ref, wrap: signedWrapSchema }),
  z.strictObject({ type: z.literal('ping'), ref }),
])
export type ClientMessage = z.infer<typeof clientMessageSchema>

/** Server → client. */
export const serverMessageSchema = z.discriminatedUnion('type', [
  /** First message. `server` names this deployment for ever (32 random bytes made at its first start). */
  z.strictObject({
    type: z.literal('challenge'),
    protocol: z.literal(PROTOCOL),
    server: hashSchema,
    serverNonce: hashSchema,
  }),
  z.strictObject({ type: z.literal('created'), team: idSchema, head: headSchema }),
  /** The heads of every stream this device may read, then catch-up `entries` follow, then `caught_up`. */
  z.strictObject({
    type: z.literal('welcome'),
    heads: z.array(z.strictObject({ stream: streamSchema, head: headSchema })).max(4000),
    seen: z.array(signedSeenSchema).max(2000),
    time: timeSchema,
  }),
  /** Consecutive entries of one stream, the first at seq `from`. Sent for catch-up, for `fetch` (with its ref) and live. */
  z.strictObject({
    type: z.literal('entries'),
    ref: ref.nullable(),
    stream: streamSchema,
    from: z.number().int().nonnegative(),
    entries: z.array(entryBytes).max(MAX_ENTRIES),
  }),
  z.strictObject({ type: z.literal('caught_up') }),
  z.strictObject({
    type: z.literal('appended'),
    ref,
    heads: z.array(z.strictObject({ stream: streamSchema, head: headSchema })).max(250),
  }),
  z.strictObject({ type: z.literal('ok'), ref }),
  /** Answers `mailbox.join`. */
  z.strictObject({ type: z.literal('mailbox.joined'), mailbox: signKeySchema, expiresAt: timeSchema }),
  z.strictObject({ type: z.literal('seen'), seen: signedSeenSchema }),
  z.strictObject({
    type: z.literal('mailbox'),
    mailbox: signKeySchema,
    slot: mailboxSlotSchema,
    blob: blobSchema,
  }),
  /** `ref` null: about the connection, which then closes. `head_stale` is followed by the missed `entries`. */
  z.strictObject({
    type: z.literal('refused'),
    ref: ref.nullable(),
    code: z.string().max(60),
    message: z.string().max(500),
  }),
  z.strictObject({ type: z.literal('pong'), ref, time: timeSchema }),
  /** The node is going away: reconnect (to another). */
  z.strictObject({ type: z.literal('draining') }),
])
export type ServerMessage = z.infer<typeof serverMessageSchema>

/** Codes of `refused`. */
export const REFUSAL_CODES = [
  'frame.malformed',
  'frame.too_large',
  'protocol.unsupported',
  'state.unexpected',
  'login.refused',
  'setup.refused',
  'team.exists',
  'append.head_stale',
  'append.refused',
  'append.not_allowed',
  'stream.unknown',
  'stream.not_allowed',
  'stream.behind',
  'rate.limited',
  'size.limited',
  'store.full',
  'store.failed',
  'mailbox.unknown',
  'mailbox.expired',
  'mailbox.used',
  'mailbox.full',
  'wrap.refused',
  'server.draining',
] as const
export type RefusalCode = (typeof REFUSAL_CODES)[number]

export const encodeMessage = (message: ClientMessage | ServerMessage): Uint8Array =>
  encodeCanonical(message as CborValue)
/** Parses a frame from a client; throws CanonicalError or ZodError. */
export const decodeClientMessage = (frame: Uint8Array): ClientMessage =>
  clientMessageSchema.parse(decodeCanonical(frame))
/**
 * Parses a frame from a server; throws CanonicalError or ZodError. Byte strings are views of the frame: it is not to be written to, and
 * whoever keeps one of them keeps all of it.
 */
export const decodeServerMessage = (frame: Uint8Array): ServerMessage => {
  const message = viewCanonical(frame)
  if (isEntriesMessage(message)) return message as ServerMessage
  return serverMessageSchema.parse(decodeCanonical(frame))
}
