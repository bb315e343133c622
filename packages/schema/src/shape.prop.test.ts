import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { z } from 'zod'
import { decodeCanonical, encodeCanonical, viewCanonical } from './canonical.ts'
import type { CborValue } from './cbor-value.ts'
import { decodeEntry, encodeEntry, encodeEnvelope, envelopeSchema } from './entry.ts'
import { newId } from './ids.ts'
import { itemMetaSchema, itemPutSchema } from './item.ts'
import { isEntriesMessage, isEnvelope, isItemMeta, isItemPut } from './shape.ts'
import { decodeServerMessage, encodeMessage, serverMessageSchema } from './wire.ts'

type Members = Record<string, CborValue>

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7)

const envelope = (): Members => ({
  v: 1,
  team: newId(),
  stream: `c/${newId()}`,
  seq: 3,
  prev: bytes(32),
  ledger: { seq: 9, hash: bytes(32) },
  id: newId(),
  member: newId(),
  device: newId(),
  type: 'item.put',
  time: 1_800_000_000_000,
  plain: { version: 1 },
  body: null,
})
const itemPut = (): Members => ({
  item: newId(),
  version: 2,
  base: 1,
  epoch: 0,
  meta: bytes(200),
  value: bytes(200),
  itemKey: bytes(137),
})
const itemMeta = (): Members => ({
  name: 'openai-main',
  provider: 'openai',
  fields: ['api_key'],
  note: 'Rotated in spring',
  models: [],
  valueHash: bytes(32),
})

const entriesMessage = (): Members => ({
  type: 'entries',
  ref: null,
  stream: `c/${newId()}`,
  from: 7,
  entries: [bytes(100), bytes(1800)],
})

const cases: [string, () => Members, (value: unknown) => boolean, z.ZodType][] = [
  ['envelope', envelope, isEnvelope, envelopeSchema],
  ['itemPut', itemPut, isItemPut, itemPutSchema],
  ['itemMeta', itemMeta, isItemMeta, itemMetaSchema],
  ['entriesMessage', entriesMessage, isEntriesMessage, serverMessageSchema],
]

const other: fc.Arbitrary<CborValue> = fc.oneof(
  fc.string({ maxLength: 3000 }),
  fc.constantFrom<CborValue>(
    null,
    true,
    '',
    'x',
    'UPPER',
    'a.b',
    'a b',
    'ledger',
    'a'.repeat(41),
    'a'.repeat(101),
    'n'.repeat(2001),
    'ab'.repeat(16),
    'AB'.repeat(16),
    `${'ab'.repeat(16)}\n`,
    'item.put\n',
  ),
  fc.integer(),
  fc.nat({ max: 5000 }).map(bytes),
  fc.constantFrom(31, 32, 33, 262_144, 262_145).map(bytes),
  fc.array(fc.string({ maxLength: 45 }), { maxLength: 25 }),
  fc.constant(Array(21).fill('field') as CborValue),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.integer(), { maxKeys: 3 }),
  fc.constant({ seq: 1, hash: bytes(32), more: 1 }),
  fc.array(fc.constantFrom<CborValue>(bytes(99), bytes(100), bytes(4000), 'entry', null), { maxLength: 4 }),
  fc.constantFrom(2000, 2001).map((count) => new Array(count).fill(bytes(100))),
)

for (const [name, ordinary, shape, schema] of cases) {
  it(`${name}: knows the ordinary ones, and says yes to nothing that its schema refuses or changes`, () => {
    expect(shape(decodeCanonical(encodeCanonical(ordinary())))).toBe(true)
    const keys = [...Object.keys(ordinary()), 'another']
    let refusals = 0
    fc.assert(
      fc.property(fc.constantFrom(...keys), fc.option(other, { nil: undefined }), (key, value) => {
        const changed = decodeCanonical(encodeCanonical({ ...ordinary(), [key]: value }))
        const verdict = schema.safeParse(changed)
        if (!verdict.success) refusals += 1
        if (shape(changed)) expect(verdict).toEqual({ success: true, data: changed })
      }),
      { numRuns: 1500 },
    )
    expect(refusals).toBeGreaterThan(100)
  })
}

it('an entry of any size is parsed as the decoder of canonical bytes would, with views or without', () => {
  for (const size of [1, 23, 24, 200, 255, 256, 60_000, 64_500, 65_536, 70_000]) {
    const made = envelopeSchema.parse({ ...envelope(), body: bytes(size) })
    const encoded = encodeEntry(encodeEnvelope(made), bytes(64))
    const [envelopeBytes, signature] = decodeCanonical(encoded) as [Uint8Array, Uint8Array]
    const expected = { envelope: decodeCanonical(envelopeBytes), envelopeBytes, signature }
    expect(decodeEntry(encoded)).toEqual(expected)
    expect(decodeEntry(encoded, { views: true })).toEqual(expected)
    expect(decodeEntry(Buffer.from(encoded))).toEqual(expected)
  }
})

it('an entry whose parts are not in their one encoding, or that goes on after them, is refused', () => {
  const encoded = encodeEntry(encodeEnvelope(envelopeSchema.parse(envelope())), bytes(64))
  const long = encoded[1] === 0x59 ? (encoded[2] as number) * 0x100 + (encoded[3] as number) : 0
  expect(long).toBeGreaterThan(0)
  const contents = [...encoded.subarray(4)]
  const wide = Uint8Array.from([0x82, 0x5a, 0, 0, encoded[2] as number, encoded[3] as number, ...contents])
  for (const bad of [wide, Uint8Array.from([...encoded, 0]), encoded.subarray(0, -1), encoded.subarray(1)]) {
    expect(() => decodeEntry(bad)).toThrow()
    expect(() => decodeEntry(bad, { views: true })).toThrow()
  }
})

it('views are of the bytes they were read from, copies are not', () => {
  const encoded = encodeCanonical({ hash: bytes(32) })
  const { hash: view } = viewCanonical(encoded) as { hash: Uint8Array }
  const { hash: copy } = decodeCanonical(encoded) as { hash: Uint8Array }
  encoded.fill(1, 7)
  expect(view[0]).toBe(1)
  expect(copy[0]).toBe(7)
})

it('entries come as views of their frame; of every other message nothing is', () => {
  const sent = {
    type: 'entries',
    ref: null,
    stream: 'ledger',
    from: 0,
    entries: [bytes(100), bytes(300)],
  } as const
  const frame = encodeMessage({ ...sent, entries: [...sent.entries] })
  const entries = decodeServerMessage(frame)
  expect(entries).toEqual(sent)
  expect(entries.type === 'entries' && entries.entries.every(({ buffer }) => buffer === frame.buffer)).toBe(
    true,
  )
  const challenge = { type: 'challenge', protocol: 1, server: bytes(32), serverNonce: bytes(32) } as const
  const other = encodeMessage(challenge)
  const decoded = decodeServerMessage(other)
  other.fill(0)
  expect(decoded).toEqual(challenge)
})

it('a text read as a view is the text, however often and whatever was read before', () => {
  const id = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', 'é', '0'), minLength: 18, maxLength: 42 }),
    fc.constantFrom(newId(), newId(), newId()),
  )
  fc.assert(
    fc.property(fc.array(id, { maxLength: 40 }), (texts) => {
      expect(viewCanonical(encodeCanonical(texts))).toEqual(texts)
    }),
  )
})
