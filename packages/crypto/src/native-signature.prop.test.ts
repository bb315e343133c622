import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { acceptsNatively, acceptsNativelyElsewhere } from './native-signature.ts'
import { nativeSodium } from './native-sodium.ts'
import { cryptoReady } from './ready.ts'
import { sodium } from './sodium.ts'
import { verifyEd25519 } from './verify-signature.ts'

// Ed25519's arithmetic, so that signatures can be made that no signer makes. Affine and slow; RFC 8032 §5.1.

const P = 2n ** 255n - 19n
const L = 2n ** 252n + 27742317777372353535851937790883648493n
const mod = (a: bigint, by = P): bigint => ((a % by) + by) % by
const power = (base: bigint, exponent: bigint): bigint => {
  let result = 1n
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b)
  return result
}
const inverse = (a: bigint): bigint => power(a, P - 2n)
const D = mod(-121665n * inverse(121666n))
const SQRT_M1 = power(2n, (P - 1n) / 4n)

interface Point {
  readonly x: bigint
  readonly y: bigint
}
const ZERO: Point = { x: 0n, y: 1n }
const add = (a: Point, b: Point): Point => {
  const product = D * a.x * b.x * a.y * b.y
  return {
    x: mod((a.x * b.y + b.x * a.y) * inverse(1n + product)),
    y: mod((a.y * b.y + a.x * b.x) * inverse(1n - product)),
  }
}
const times = (scalar: bigint, point: Point): Point => {
  let result = ZERO
  for (let p = point, k = scalar; k > 0n; k >>= 1n, p = add(p, p)) if (k & 1n) result = add(result, p)
  return result
}
const withY = (y: bigint, odd: bigint): Point | undefined => {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n))
  let x = power(square, (P + 3n) / 8n)
  if (mod(x * x) !== square) x = mod(x * SQRT_M1)
  if (mod(x * x) !== square) return undefined
  return { x: (x & 1n) === odd ? x : mod(-x), y }
}
const bytesOf = (n: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n))
const numberOf = (bytes: Uint8Array): bigint => bytes.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n)
const encode = ({ x, y }: Point): Uint8Array => bytesOf(y | ((x & 1n) << 255n))
const B = withY(mod(4n * inverse(5n)), 0n) ?? ZERO

/** The eight points of the torsion, found as ℓ times any points. */
const torsion: Point[] = []
for (let y = 2n; torsion.length < 8; y++) {
  const generator = times(L, withY(y, 0n) ?? ZERO)
  if (encode(times(4n, generator)).join() === encode(ZERO).join()) continue
  for (let i = 0n; i < 8n; i++) torsion.push(times(i, generator))
}

/** Each encoding of the torsion's points: with the sign bit either way, and with p added to y where that fits. */
const smallOrderEncodings = torsion.flatMap(({ y }) =>
  [y, y + P]
    .filter((each) => each < 2n ** 255n)
    .flatMap((each) => [bytesOf(each), bytesOf(each | (1n << 255n))]),
)

const challenge = (r: Uint8Array, a: Uint8Array, message: Uint8Array): bigint =>
  mod(numberOf(createHash('sha512').update(r).update(a).update(message).digest()), L)

interface Case {
  readonly key: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

const SECRET = 987_654_321n
const NONCE = 123_456_789n
const PUBLIC = times(SECRET, B)
const COMMITMENT = times(NONCE, B)

/** A signature whose key and R are moved by points of the torsion: good only as far as they cancel out. */
const crafted = (t: Point, u: Point, message: Uint8Array): Case => {
  const key = encode(add(PUBLIC, t))
  const r = encode(add(COMMITMENT, u))
  const s = mod(NONCE + challenge(r, key, message) * SECRET, L)
  return { key, message, signature: Uint8Array.of(...r, ...bytesOf(s)) }
}

const compiled = nativeSodium()
const byCompiledSodium = ({ key, message, signature }: Case): boolean => {
  if (!compiled.ok) throw new Error(`this machine has no native libsodium: ${compiled.why}`)
  return compiled.accepts(key, message, signature)
}

/** The verdict of libsodium in WebAssembly, with which the one compiled for the machine must agree both ways. */
const bySodium = (each: Case): boolean => {
  const verdict = sodium.crypto_sign_verify_detached(each.signature, each.message, each.key)
  expect(byCompiledSodium(each)).toBe(verdict)
  return verdict
}

/** Native acceptance implies libsodium's, which is the verdict; returns it. */
const expectAlike = async (each: Case): Promise<boolean> => {
  const { key, message, signature } = each
  const verdict = bySodium(each)
  const native = acceptsNatively(key, message, signature)
  if (native) expect(verdict).toBe(true)
  expect(await acceptsNativelyElsewhere(key, message, signature)).toBe(native)
  expect(verifyEd25519(key, message, signature)).toBe(verdict)
  return verdict
}

const message = Uint8Array.of(1, 2, 3)
const seeded = (seed: number): Case => {
  const pair = sodium.crypto_sign_seed_keypair(new Uint8Array(32).fill(seed))
  return {
    key: pair.publicKey,
    message,
    signature: sodium.crypto_sign_detached(message, pair.privateKey),
  }
}

beforeAll(cryptoReady)

describe('C9 a native verifier in front of libsodium, and libsodium compiled for the machine in its place', () => {
  test('our own arithmetic is Ed25519: what it signs is accepted by both', async () => {
    const each = crafted(ZERO, ZERO, message)
    expect(await expectAlike(each)).toBe(true)
    expect(acceptsNatively(each.key, message, each.signature)).toBe(true)
    expect(torsion.map((each) => encode(times(8n, each)).join())).toEqual(
      torsion.map(() => encode(ZERO).join()),
    )
    expect(new Set(torsion.map((each) => encode(each).join())).size).toBe(8)
  })

  test('no key and no R of small order, in no encoding, is accepted, natively or at all', async () => {
    expect(smallOrderEncodings.length).toBeGreaterThan(14)
    for (const key of smallOrderEncodings) {
      for (const r of [...smallOrderEncodings, encode(times(5n, B))]) {
        for (const s of [0n, 5n]) {
          const signature = Uint8Array.of(...r, ...bytesOf(s))
          for (const text of [0, 1, 2, 3].map((n) => Uint8Array.of(n))) {
            expect(acceptsNatively(key, text, signature)).toBe(false)
            expect(bySodium({ key, message: text, signature })).toBe(false)
          }
        }
      }
    }
    for (const r of smallOrderEncodings) {
      const key = encode(PUBLIC)
      const s = mod(challenge(r, key, message) * SECRET, L)
      const signature = Uint8Array.of(...r, ...bytesOf(s))
      expect(acceptsNatively(key, message, signature)).toBe(false)
      await expectAlike({ key, message, signature })
    }
  })

  test('keys and R with a part of small order get libsodium’s verdict, whether the parts cancel out or not', async () => {
    const verdicts = new Set<string>()
    for (const t of torsion) {
      for (const u of torsion) {
        for (let n = 0; n < 4; n++) {
          const each = crafted(t, u, Uint8Array.of(n))
          const native = acceptsNatively(each.key, each.message, each.signature)
          verdicts.add(`${native} ${await expectAlike(each)}`)
        }
      }
    }
    expect(verdicts).toContain('true true')
    expect(verdicts.size).toBeGreaterThan(1)
  })

  test('s + ℓ, and R or key with a y that is not reduced, are refused', async () => {
    const good = seeded(1)
    const s = numberOf(good.signature.subarray(32))
    for (const more of [L, 2n * L, 3n * L, 8n * L, 15n * L].filter((each) => s + each < 2n ** 256n)) {
      const signature = Uint8Array.of(...good.signature.subarray(0, 32), ...bytesOf(s + more))
      expect(acceptsNatively(good.key, message, signature)).toBe(false)
      expect(await expectAlike({ ...good, signature })).toBe(false)
    }
    for (let y = P; y < 2n ** 255n; y++) {
      for (const encoded of [bytesOf(y), bytesOf(y | (1n << 255n))]) {
        const asR = Uint8Array.of(...encoded, ...good.signature.subarray(32))
        expect(acceptsNatively(good.key, message, asR)).toBe(false)
        await expectAlike({ ...good, signature: asR })
        expect(acceptsNatively(encoded, message, good.signature)).toBe(false)
        expect(await expectAlike({ ...good, key: encoded })).toBe(false)
      }
    }
  })

  test('signatures, and everything near them, get libsodium’s verdict', async () => {
    const change = fc.record({
      part: fc.constantFrom('key', 'message', 'signature'),
      at: fc.nat(),
      bit: fc.nat(7),
    })
    const seen = { accepted: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 1, maxLength: 300 }),
        fc.array(change, { maxLength: 2 }),
        async (seed, bytes, changes) => {
          const pair = sodium.crypto_sign_seed_keypair(seed)
          const each = {
            key: pair.publicKey,
            message: bytes,
            signature: sodium.crypto_sign_detached(bytes, pair.privateKey),
          }
          for (const { part, at, bit } of changes) {
            const target = each[part as keyof Case]
            target[at % target.length] = (target[at % target.length] ?? 0) ^ (1 << bit)
          }
          const verdict = await expectAlike(each)
          seen[verdict ? 'accepted' : 'refused'] += 1
          if (changes.length === 0) expect(acceptsNatively(each.key, bytes, each.signature)).toBe(true)
        },
      ),
      { numRuns: 600 },
    )
    expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(50)
  })

  test('wrong lengths and keys that are no points are false, never an error', async () => {
    const { key, signature } = seeded(2)
    const noPoint = [2n, 3n, 4n, 5n, 6n, 7n, 8n].filter((y) => withY(y, 0n) === undefined).map(bytesOf)
    expect(noPoint.length).toBeGreaterThan(0)
    for (const each of noPoint) expect(await expectAlike({ key: each, message, signature })).toBe(false)
    for (const [k, s] of [
      [key.subarray(1), signature],
      [key, signature.subarray(1)],
      [new Uint8Array(0), new Uint8Array(0)],
      [Uint8Array.of(...key, 0), Uint8Array.of(...signature, 0)],
    ] as const) {
      expect(acceptsNatively(k, message, s)).toBe(false)
      expect(await acceptsNativelyElsewhere(k, message, s)).toBe(false)
      expect(verifyEd25519(k, message, s)).toBe(false)
      expect(byCompiledSodium({ key: k, message, signature: s })).toBe(false)
    }
  })

  test('it is the view that is verified, not what lies around it', async () => {
    const { key, signature } = seeded(3)
    const around = Uint8Array.of(9, ...message, 9, ...key, 9, ...signature, 9)
    const [m, k, s] = [around.subarray(1, 4), around.subarray(5, 37), around.subarray(38, 102)]
    expect(await expectAlike({ key: k, message: m, signature: s })).toBe(true)
    expect(await expectAlike({ key: k, message: around.subarray(1, 5), signature: s })).toBe(false)
    expect(await expectAlike({ key: k, message: around.subarray(1, 1), signature: s })).toBe(false)
    expect(await expectAlike({ key: around.subarray(4, 36), message: m, signature: s })).toBe(false)
  })

  test('a key is not mistaken for one that was used before, however many there are', async () => {
    const cases = Array.from({ length: 300 }, (_, i) => seeded(i % 250))
    for (const [i, each] of cases.entries()) {
      expect(acceptsNatively(each.key, message, each.signature)).toBe(true)
      const other = cases[(i + 1) % 250]
      if (other !== undefined && i < 249)
        expect(acceptsNatively(other.key, message, each.signature)).toBe(false)
    }
  })
})
