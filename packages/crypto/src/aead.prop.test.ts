import fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { type Context, open, seal } from './aead.ts'
import { CryptoError } from './crypto-error.ts'
import { padmeLength } from './padme.ts'
import { cryptoReady } from './ready.ts'
import { Secret } from './secret.ts'

beforeAll(cryptoReady)

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const plaintexts = fc.uint8Array({ maxLength: 2000 })
const names = fc.constantFrom('team', 'vault', 'environment', 'item', 'version', 'epoch', 'name')
const values = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.nat(),
  fc.uint8Array({ maxLength: 40 }),
)
const contexts: fc.Arbitrary<Context> = fc
  .tuple(fc.dictionary(names, values), fc.constantFrom('meta', 'value', 'body'))
  .map(([rest, type]) => ({ ...rest, type }))

const refusal = (attempt: () => unknown): string => {
  try {
    attempt()
  } catch (error) {
    if (error instanceof CryptoError) return `${error.code}: ${error.message}`
    throw error
  }
  return 'opened'
}
const ONE_FAILURE = 'open_failed: could not be opened'

test('C4 C6 what was sealed opens with the same key and context, however the context was put together', () => {
  fc.assert(
    fc.property(bytes(32), contexts, plaintexts, (key, context, plaintext) => {
      const blob = seal(Secret.take(key), context, plaintext)
      const rebuilt = Object.fromEntries(Object.entries(context).reverse()) as Context
      expect(open(Secret.take(key), rebuilt, blob)).toEqual(plaintext)
    }),
  )
})

test('C4 the nonce is never the same twice', () => {
  const key = Secret.random()
  const nonces = Array.from({ length: 2000 }, () =>
    Buffer.from(seal(key, { type: 'value' }, new Uint8Array(0)).subarray(1, 25)).toString('hex'),
  )
  expect(new Set(nonces).size).toBe(2000)
})

test('C7 another key opens nothing', () => {
  fc.assert(
    fc.property(bytes(32), bytes(32), contexts, plaintexts, (key, other, context, plaintext) => {
      fc.pre(Buffer.compare(key, other) !== 0)
      const blob = seal(Secret.take(key), context, plaintext)
      expect(refusal(() => open(Secret.take(other), context, blob))).toBe(ONE_FAILURE)
    }),
  )
})

test('C6 C7 another context opens nothing: a member changed, added, taken away', () => {
  fc.assert(
    fc.property(bytes(32), contexts, contexts, plaintexts, (key, context, other, plaintext) => {
      fc.pre(JSON.stringify(sorted(context)) !== JSON.stringify(sorted(other)))
      const blob = seal(Secret.take(key), context, plaintext)
      expect(refusal(() => open(Secret.take(key), other, blob))).toBe(ONE_FAILURE)
    }),
  )
  const key = Secret.random()
  const context = { type: 'value', team: 'a', version: 1, item: Uint8Array.of(1) }
  const blob = seal(key, context, new Uint8Array(10))
  const wrong: Context[] = [
    { ...context, type: 'meta' },
    { ...context, version: 2 },
    { ...context, version: '1' },
    { ...context, item: Uint8Array.of(2) },
    { ...context, item: '\u0001' },
    { ...context, extra: 0 },
    { type: 'value', team: 'a', version: 1 },
    { type: 'value', version: 1, item: Uint8Array.of(1), Team: 'a' },
  ]
  for (const other of wrong) expect(refusal(() => open(key, other, blob))).toBe(ONE_FAILURE)
})

const sorted = (context: Context): unknown =>
  Object.entries(context)
    .map(([name, value]) => [name, typeof value, value instanceof Uint8Array ? Array.from(value) : value])
    .sort()

test('C7 any flipped bit, cut or added byte is refused', () => {
  fc.assert(
    fc.property(bytes(32), contexts, plaintexts, fc.nat(), (key, context, plaintext, at) => {
      const blob = seal(Secret.take(key), context, plaintext)
      const flipped = Uint8Array.from(blob)
      const bit = at % (blob.length * 8)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const attempts = [flipped, blob.subarray(0, at % blob.length), Uint8Array.of(...blob, at & 255)]
      for (const wrong of attempts) {
        expect(refusal(() => open(Secret.take(key), context, wrong))).toBe(ONE_FAILURE)
      }
    }),
  )
})

test('C7 every single bit of one blob matters', () => {
  const key = Secret.random()
  const blob = seal(key, { type: 'value' }, Uint8Array.of(1, 2, 3))
  for (let bit = 0; bit < blob.length * 8; bit++) {
    const flipped = Uint8Array.from(blob)
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(refusal(() => open(key, { type: 'value' }, flipped))).toBe(ONE_FAILURE)
  }
})

test('C7 parts of two blobs under one key and context do not go together', () => {
  fc.assert(
    fc.property(bytes(32), plaintexts, fc.constantFrom(1, 25, 57), (key, plaintext, cut) => {
      const a = seal(Secret.take(key), { type: 'value' }, plaintext)
      const b = seal(Secret.take(key), { type: 'value' }, plaintext)
      const spliced = Uint8Array.of(...a.subarray(0, cut), ...b.subarray(cut))
      if (cut === 1) expect(open(Secret.take(key), { type: 'value' }, spliced)).toEqual(plaintext)
      else expect(refusal(() => open(Secret.take(key), { type: 'value' }, spliced))).toBe(ONE_FAILURE)
    }),
  )
})

test('C7 arbitrary bytes are refused in the one way, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 500 }), (blob) => {
      expect(refusal(() => open(Secret.take(new Uint8Array(32)), { type: 'value' }, blob))).toBe(ONE_FAILURE)
      const versioned = Uint8Array.of(1, ...blob)
      expect(refusal(() => open(Secret.take(new Uint8Array(32)), { type: 'value' }, versioned))).toBe(
        ONE_FAILURE,
      )
    }),
  )
})

test('C10 the size of a blob is a Padmé length plus a constant, and at least the floor', () => {
  fc.assert(
    fc.property(plaintexts, fc.nat({ max: 600 }), (plaintext, atLeast) => {
      const blob = seal(Secret.random(), { type: 'value' }, plaintext, atLeast)
      expect(blob.length - 73).toBe(padmeLength(Math.max(64, atLeast, plaintext.length + 4)))
    }),
  )
  const sizes = new Set(
    Array.from(
      { length: 61 },
      (_, length) => seal(Secret.random(), { type: 'value' }, new Uint8Array(length)).length,
    ),
  )
  expect([...sizes]).toEqual([137])
})
