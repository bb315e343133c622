import { randomBytes } from '@countersign/crypto/random'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { parsePlain } from '@countersign/ledger/plain-content'
import { auditRecordsSchema, auditSegmentSchema } from '@countersign/schema/audit'
import { CanonicalError, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { decodeEntry, encodeEntry } from '@countersign/schema/entry'
import { compartmentStream, newId } from '@countersign/schema/ids'
import {
  type ClientMessage,
  decodeServerMessage,
  encodeMessage,
  type ServerMessage,
} from '@countersign/schema/wire'
import {
  wrapFetchedSchema,
  wrapFetchRequestSchema,
  wrapOptionsRequestSchema,
  wrapOptionsSchema,
} from '@countersign/schema/wrap-http'
import { parseFrame } from '@countersign/sync-server/core/parse-frame'
import { z } from 'zod'
import type { FuzzedParser } from '../parser.ts'
import { utf8 } from '../parser.ts'
import { sampleCompany } from './sample-company.ts'

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
const head = () => ({ seq: 3, hash: randomBytes(32) })
const words = [
  'type',
  'append',
  'hello',
  'fetch',
  'entries',
  'parts',
  'ref',
  'stream',
  'ledger',
  '__proto__',
  'constructor',
  'toString',
]

/** What is wrong with bytes that are no value of a schema; everything else is a finding. */
const refusalOf = (error: unknown): string => {
  if (error instanceof CanonicalError) return 'canonical.refused'
  if (error instanceof z.ZodError) return 'schema.refused'
  throw error
}

const clientMessages = (entry: Uint8Array): ClientMessage[] => {
  const common = {
    protocol: 1,
    team: newId(),
    device: newId(),
    clientNonce: randomBytes(32),
    signature: randomBytes(64),
  } as const
  const mailbox = randomBytes(32)
  const record = {
    team: newId(),
    member: newId(),
    credential: randomBytes(64),
    salt: randomBytes(32),
    blob: randomBytes(200),
    locatorKey: null,
  }
  return [
    { type: 'create', protocol: 1, setupToken: 'token', team: newId(), entry },
    {
      type: 'hello',
      ...common,
      cursors: [
        { stream: 'ledger', head: head() },
        { stream: compartmentStream(newId()), head: null },
      ],
    },
    { type: 'hello.member', ...common, member: newId(), ledger: head() },
    { type: 'mailbox.join', protocol: 1, mailbox, clientNonce: randomBytes(32), signature: randomBytes(64) },
    { type: 'append', ref: 1, parts: [{ stream: 'ledger', expected: head(), entries: [entry] }] },
    { type: 'fetch', ref: 2, stream: 'ledger', after: null, limit: 500 },
    { type: 'mailbox.open', ref: 3, mailbox, expiresAt: 1_800_000_000_000 },
    { type: 'mailbox.post', ref: 4, mailbox, slot: 'commit', blob: randomBytes(90) },
    { type: 'mailbox.close', ref: 5, mailbox },
    { type: 'wrap.put', ref: 6, wrap: { record, signature: randomBytes(64) } },
    { type: 'ping', ref: 7 },
  ]
}

const serverMessages = (entry: Uint8Array): ServerMessage[] => [
  { type: 'welcome', heads: [{ stream: 'ledger', head: head() }], seen: [], time: 1_800_000_000_000 },
  { type: 'entries', ref: null, stream: 'ledger', from: 0, entries: [entry] },
  { type: 'caught_up' },
  { type: 'appended', ref: 1, heads: [{ stream: 'ledger', head: head() }] },
]

const assertion = () => ({
  credentialId: randomBytes(64),
  clientDataJSON: utf8('{"type":"webauthn.get"}'),
  authenticatorData: randomBytes(37),
  signature: randomBytes(70),
})

/** The parsers of everything that comes over the network in our own encoding. */
export const wireParsers = async (): Promise<FuzzedParser[]> => {
  const { entries, items } = await sampleCompany()
  const first = entries[0] ?? new Uint8Array()
  const request = { team: newId(), member: newId(), nonce: randomBytes(48) }
  const contents = [
    {},
    [1, -1, 23, 24, 255, 256, 65_536, 2 ** 32, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
    { a: 'é', bb: randomBytes(40), c: [true, false, null, [[[]]]], d: { e: { f: 'x'.repeat(300) } } },
  ].map((value) => encodeCanonical(value))
  return [
    {
      name: 'canonical',
      from: 'everything in canonical CBOR',
      seeds: contents,
      dictionary: words.map(utf8),
      parse: (input) => {
        try {
          const value = decodeCanonical(input)
          if (!same(encodeCanonical(value as Parameters<typeof encodeCanonical>[0]), input))
            throw new Error('accepted what is not canonical')
          return 'accepted'
        } catch (error) {
          return refusalOf(error)
        }
      },
    },
    {
      name: 'client-frame',
      from: 'a stranger, to the server',
      seeds: clientMessages(first).map(encodeMessage),
      dictionary: words.map(utf8),
      parse: (input) => {
        const parsed = parseFrame(input)
        if ('code' in parsed) return parsed.code
        if (!same(encodeMessage(parsed.message), input))
          throw new Error('a message is written back otherwise')
        return `accepted ${parsed.message.type}`
      },
    },
    {
      name: 'server-frame',
      from: 'a hostile server, to the client',
      seeds: serverMessages(first).map(encodeMessage),
      dictionary: words.map(utf8),
      parse: (input) => {
        try {
          const message = decodeServerMessage(input)
          if (!same(encodeMessage(message), input)) throw new Error('a message is written back otherwise')
          return `accepted ${message.type}`
        } catch (error) {
          return refusalOf(error)
        }
      },
    },
    {
      name: 'entry',
      from: 'another member through the server',
      seeds: [...entries, ...items],
      dictionary: words.map(utf8),
      parse: (input) => {
        try {
          const { envelope, envelopeBytes, signature } = decodeEntry(input)
          if (!same(encodeEntry(envelopeBytes, signature), input))
            throw new Error('an entry is written back otherwise')
          const known = parsePlain(envelope) !== undefined || parseCompartmentContent(envelope) !== null
          const audit =
            auditSegmentSchema.safeParse(envelope.plain).success ||
            auditRecordsSchema.safeParse(envelope.plain).success
          return known || audit ? 'accepted' : 'accepted, content refused'
        } catch (error) {
          return refusalOf(error)
        }
      },
    },
    {
      name: 'wrap-body',
      from: 'a stranger, to the server, and its answers',
      seeds: [
        encodeCanonical({ team: newId(), member: newId() }),
        encodeCanonical({ ...request, proof: { type: 'recovery', signature: randomBytes(64) } }),
        encodeCanonical({ ...request, proof: { type: 'assertion', assertion: assertion() } }),
      ],
      parse: (input) => {
        try {
          const value = decodeCanonical(input)
          const schemas = {
            options: wrapOptionsRequestSchema,
            fetch: wrapFetchRequestSchema,
            choices: wrapOptionsSchema,
            wrap: wrapFetchedSchema,
          }
          for (const [name, schema] of Object.entries(schemas))
            if (schema.safeParse(value).success) return `accepted ${name}`
          return 'schema.refused'
        } catch (error) {
          return refusalOf(error)
        }
      },
    },
  ]
}
