import { beforeAll, expect, test } from 'vitest'
import { type Context, MAX_PLAINTEXT_BYTES, open, seal } from './aead.ts'
import { CryptoError } from './crypto-error.ts'
import { cryptoReady } from './ready.ts'
import { Secret } from './secret.ts'
import { rawSodium, sodium } from './sodium.ts'

beforeAll(cryptoReady)

const codeOf = (attempt: () => unknown): string => {
  try {
    attempt()
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    throw error
  }
  return 'none'
}

test('C5 a wrong commitment is refused although the tag alone would verify', () => {
  const key = Secret.random()
  const blob = seal(key, { type: 'value' }, Uint8Array.of(42))
  const other = seal(Secret.random(), { type: 'value' }, Uint8Array.of(42))
  const forged = Uint8Array.from(blob)
  forged.set(other.subarray(25, 57), 25)
  const nonce = blob.subarray(1, 25)
  const encryptKey = sodium.crypto_generichash(
    32,
    Buffer.concat([Buffer.from('countersign/v1/aead/encrypt\0'), nonce]),
    key.expose(),
  )
  const ad = Buffer.from('a164747970656576616c7565', 'hex')
  expect(
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, forged.subarray(57), ad, nonce, encryptKey)[4],
  ).toBe(42)
  expect(codeOf(() => open(key, { type: 'value' }, forged))).toBe('open_failed')
})

test('C10 padding that is not zeros, or a length past the end, is refused even when authenticated', () => {
  const key = Secret.random()
  const authentic = (padded: Uint8Array): Uint8Array => {
    const nonce = new Uint8Array(24).fill(9)
    const subKey = (label: string): Uint8Array =>
      sodium.crypto_generichash(32, Buffer.concat([Buffer.from(`${label}\0`), nonce]), key.expose())
    const sealed = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
      padded,
      Buffer.from('a164747970656576616c7565', 'hex'),
      null,
      nonce,
      subKey('countersign/v1/aead/encrypt'),
    )
    return Uint8Array.of(1, ...nonce, ...subKey('countersign/v1/aead/commit'), ...sealed)
  }
  const padded = new Uint8Array(64)
  padded.set([0, 0, 0, 2, 7, 8])
  expect(open(key, { type: 'value' }, authentic(padded))).toEqual(Uint8Array.of(7, 8))
  padded[63] = 1
  expect(codeOf(() => open(key, { type: 'value' }, authentic(padded)))).toBe('open_failed')
  padded[63] = 0
  padded[3] = 61
  expect(codeOf(() => open(key, { type: 'value' }, authentic(padded)))).toBe('open_failed')
  padded[0] = 0xff
  expect(codeOf(() => open(key, { type: 'value' }, authentic(padded)))).toBe('open_failed')
})

test('C4 C6 mistakes of the caller are named', () => {
  const blob = seal(Secret.random(), { type: 'value' }, new Uint8Array(1))
  const long = new Uint8Array(9000)
  expect(codeOf(() => seal(Secret.random(31), { type: 'value' }, new Uint8Array(1)))).toBe('bad_key')
  expect(codeOf(() => open(Secret.random(33), { type: 'value' }, blob))).toBe('bad_key')
  const wiped = Secret.random()
  wiped.wipe()
  expect(codeOf(() => open(wiped, { type: 'value' }, blob))).toBe('bad_key')
  const refused: Context[] = [
    {},
    { team: 'a' },
    { type: 'value', n: 1.5 },
    { type: 'value', n: -1 },
    { type: 'value', n: Number.NaN },
    { type: 'value', n: 2 ** 53 },
    { type: 'value', näme: 'a' },
    { type: 'value', [`n${'a'.repeat(23)}`]: 'a' },
    { type: 'value', text: '\ud800' },
    { type: 'value', long },
    { type: 'value', text: 'a'.repeat(9000) },
    { type: 'value', text: 'ä'.repeat(4000) },
  ]
  for (const context of refused) {
    expect(codeOf(() => seal(Secret.random(), context, new Uint8Array(1)))).toBe('bad_input')
    expect(codeOf(() => open(Secret.random(), context, blob))).toBe('bad_input')
  }
  expect(codeOf(() => seal(Secret.random(), { type: 'v' }, new Uint8Array(MAX_PLAINTEXT_BYTES + 1)))).toBe(
    'bad_input',
  )
})

test('C4 large content grows the arena once and small content still works after it', () => {
  const key = Secret.random()
  const large = new Uint8Array(MAX_PLAINTEXT_BYTES).fill(3)
  const blob = seal(key, { type: 'file' }, large)
  expect(Buffer.compare(open(key, { type: 'file' }, blob), large)).toBe(0)
  const small = seal(key, { type: 'file' }, Uint8Array.of(1))
  expect(open(key, { type: 'file' }, small)).toEqual(Uint8Array.of(1))
})

test('C3 neither key nor plaintext stays in the WebAssembly heap, also after a refusal', () => {
  const canary = Buffer.from('canary-of-the-arena-7f1c0d')
  const key = Secret.take(Buffer.from('canary-key-in-the-arena-0123456!'))
  const heapHolds = (needle: Uint8Array): boolean =>
    Buffer.from(rawSodium().HEAPU8).includes(Buffer.from(needle))
  const blob = seal(key, { type: 'value' }, canary)
  expect(Buffer.from(open(key, { type: 'value' }, blob)).equals(canary)).toBe(true)
  expect(codeOf(() => open(key, { type: 'meta' }, blob))).toBe('open_failed')
  expect(heapHolds(canary)).toBe(false)
  expect(heapHolds(key.expose())).toBe(false)
})
