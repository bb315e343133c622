import type { Random } from './random.ts'

/** No input grows beyond this; limits on size have tests of their own. */
const MAX_BYTES = 64 * 1024

const INTERESTING = [
  0x00, 0x01, 0x0f, 0x17, 0x18, 0x1b, 0x1f, 0x20, 0x22, 0x40, 0x5b, 0x5f, 0x7b, 0x7f, 0x80, 0x9f,
].concat([0xa0, 0xbf, 0xc0, 0xf4, 0xf5, 0xf6, 0xf7, 0xf9, 0xfb, 0xfe, 0xff, 0x0d, 0x0a, 0x25, 0x2e, 0x3a])

/** Lengths and numbers as CBOR and network order write them, at the edges where parsers go wrong. */
const EDGES: readonly (readonly number[])[] = [
  [0x18, 0x17],
  [0x19, 0x00, 0xff],
  [0x1a, 0x00, 0x00, 0xff, 0xff],
  [0x1a, 0xff, 0xff, 0xff, 0xff],
  [0x1b, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x1b, 0x00, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
  [0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x5a, 0x7f, 0xff, 0xff, 0xff],
  [0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x9a, 0xff, 0xff, 0xff, 0xff],
  [0xba, 0xff, 0xff, 0xff, 0xff],
  [0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81, 0x81],
  [0xef, 0xbb, 0xbf],
  [0xed, 0xa0, 0x80],
  [0xc3, 0x28],
]

const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

export interface Pool {
  readonly random: Random
  readonly dictionary: readonly Uint8Array[]
  /** Another input of the corpus, to cross with. */
  readonly other: () => Uint8Array
}

type Mutation = (input: Uint8Array, pool: Pool) => Uint8Array

const replaced = (input: Uint8Array, at: number, removed: number, by: Uint8Array): Uint8Array =>
  joined(input.subarray(0, at), by, input.subarray(Math.min(input.length, at + removed)))

const place = (input: Uint8Array, random: Random): number => random.next(input.length + 1)

const MUTATIONS: readonly Mutation[] = [
  (input, { random }) => {
    const out = Uint8Array.from(input)
    if (out.length > 0) out[random.next(out.length)]! ^= 1 << random.next(8)
    return out
  },
  (input, { random }) => {
    const out = Uint8Array.from(input)
    if (out.length > 0) out[random.next(out.length)] = random.pick(INTERESTING)
    return out
  },
  (input, { random }) => {
    const out = Uint8Array.from(input)
    if (out.length > 0) out[random.next(out.length)]! += random.next(2) === 0 ? 1 : 255
    return out
  },
  (input, { random }) => replaced(input, place(input, random), 0, random.bytes(1 + random.next(8))),
  (input, { random }) => replaced(input, place(input, random), 1 + random.next(16), new Uint8Array(0)),
  (input, { random }) => input.slice(0, place(input, random)),
  (input, { random }) => {
    const from = place(input, random)
    const part = input.subarray(from, from + 1 + random.next(64))
    return replaced(input, place(input, random), 0, part)
  },
  (input, { random }) => {
    const edge = Uint8Array.from(random.pick(EDGES))
    return replaced(input, place(input, random), random.next(2) * edge.length, edge)
  },
  (input, { random, dictionary }) =>
    dictionary.length === 0
      ? input
      : replaced(input, place(input, random), random.next(3) * 4, random.pick(dictionary)),
  (input, { random, other }) => {
    const theirs = other()
    return joined(input.subarray(0, place(input, random)), theirs.subarray(place(theirs, random)))
  },
  (input, { random, other }) => {
    const theirs = other()
    const from = place(theirs, random)
    return replaced(
      input,
      place(input, random),
      1 + random.next(32),
      theirs.subarray(from, from + 1 + random.next(64)),
    )
  },
  (input, { random }) => {
    const one = input.subarray(place(input, random)).subarray(0, 1 + random.next(4))
    return joined(input, ...Array.from({ length: 1 + random.next(64) }, () => one))
  },
]

/** One to eight changes, one on top of the other. */
export const mutate = (input: Uint8Array, pool: Pool): Uint8Array => {
  let out = input
  for (let left = 1 + pool.random.next(8); left > 0; left--) out = pool.random.pick(MUTATIONS)(out, pool)
  return out.length > MAX_BYTES ? out.slice(0, MAX_BYTES) : out
}
