import { encodeCanonical } from '@countersign/schema/canonical'
import { beforeAll, expect, test } from 'vitest'
import { seal } from './aead.ts'
import { CryptoError } from './crypto-error.ts'
import { cryptoReady } from './ready.ts'
import { unwrapRoot, wrapRoot } from './root-wrap.ts'
import { Secret } from './secret.ts'

beforeAll(cryptoReady)

const id = (fill: number): Uint8Array => new Uint8Array(16).fill(fill)
const hash = (fill: number): Uint8Array => new Uint8Array(32).fill(fill)
const place = { team: id(1), member: id(2), credential: Uint8Array.of(3, 4, 5) }
const head = { seq: 7, hash: hash(8) }
const code = (attempt: () => unknown): string => {
  try {
    attempt()
  } catch (error) {
    if (error instanceof CryptoError) return error.code
    throw error
  }
  return 'opened'
}

test('C12 P11 a wrap gives back the root and the floor it was made with', () => {
  const kek = Secret.random()
  const root = Secret.random()
  const blob = wrapRoot({ kek, ...place, root, genesisHash: hash(6), head })
  const opened = unwrapRoot({ kek, ...place, blob })
  expect(opened.root.expose()).toEqual(root.expose())
  expect(opened.genesisHash).toEqual(hash(6))
  expect(opened.head).toEqual(head)
})

test('C12 a wrap moved to another team, member or credential, or under another key, does not open', () => {
  const kek = Secret.random()
  const blob = wrapRoot({ kek, ...place, root: Secret.random(), genesisHash: hash(6), head })
  const wrong = [
    { kek: Secret.random(), ...place },
    { kek, ...place, team: id(9) },
    { kek, ...place, member: id(9) },
    { kek, ...place, credential: Uint8Array.of(3, 4) },
    { kek, ...place, team: place.member, member: place.team },
    { kek, ...place, credential: new TextEncoder().encode('recovery') },
  ]
  for (const other of wrong) expect(code(() => unwrapRoot({ ...other, blob }))).toBe('open_failed')
})

test('C12 something else sealed in the same place is no wrapped root', () => {
  const kek = Secret.random()
  const context = { type: 'root-wrap', ...place }
  const good = { root: hash(1), genesisHash: hash(2), headSeq: 1, headHash: hash(3) }
  const plaintexts = [
    Uint8Array.of(0xff),
    encodeCanonical(null),
    encodeCanonical([]),
    encodeCanonical({ ...good, root: id(1) }),
    encodeCanonical({ ...good, headSeq: -1 }),
    encodeCanonical({ ...good, headSeq: '1' }),
    encodeCanonical({ ...good, extra: 1 }),
    encodeCanonical({ root: hash(1), genesisHash: hash(2), headSeq: 1 }),
  ]
  expect(code(() => unwrapRoot({ kek, ...place, blob: seal(kek, context, encodeCanonical(good)) }))).toBe(
    'opened',
  )
  for (const plaintext of plaintexts) {
    expect(code(() => unwrapRoot({ kek, ...place, blob: seal(kek, context, plaintext) }))).toBe('open_failed')
  }
})

test('C12 a root, id, head or credential of the wrong form is not wrapped', () => {
  const input = { kek: Secret.random(), ...place, root: Secret.random(), genesisHash: hash(6), head }
  expect(code(() => wrapRoot({ ...input, root: Secret.random(31) }))).toBe('bad_key')
  expect(code(() => wrapRoot({ ...input, team: hash(1) }))).toBe('bad_input')
  expect(code(() => wrapRoot({ ...input, member: new Uint8Array(0) }))).toBe('bad_input')
  expect(code(() => wrapRoot({ ...input, credential: new Uint8Array(0) }))).toBe('bad_input')
  expect(code(() => wrapRoot({ ...input, genesisHash: id(1) }))).toBe('bad_input')
  expect(code(() => wrapRoot({ ...input, head: { seq: -1, hash: hash(1) } }))).toBe('bad_input')
  expect(code(() => wrapRoot({ ...input, head: { seq: 1, hash: id(1) } }))).toBe('bad_input')
})
