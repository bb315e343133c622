/** A credential's public key: only the two algorithms of this format (SPEC C18). */
export type CoseKey =
  | { readonly algorithm: 'ES256'; readonly x: Uint8Array; readonly y: Uint8Array }
  | { readonly algorithm: 'EdDSA'; readonly x: Uint8Array }

export type CoseKeyRefusal = { readonly code: 'malformed' | 'algorithm' }

/** COSE labels and values (RFC 9053 §2.1, §2.2, §7.1, §7.2). */
const LABEL = { keyType: 1, algorithm: 3, curve: -1, x: -2, y: -3 } as const
const ES256 = { keyType: 2, algorithm: -7, curve: 1 } as const
const EDDSA = { keyType: 1, algorithm: -8, curve: 6 } as const

type Item = { readonly value: number | Uint8Array; readonly end: number }

/** One definite-length CBOR item of the kinds a COSE key is made of: a small integer or a byte string. */
const readItem = (bytes: Uint8Array, at: number): Item | undefined => {
  const head = bytes[at]
  if (head === undefined) return undefined
  const major = head >> 5
  const info = head & 31
  const width = info < 24 ? 0 : info === 24 ? 1 : info === 25 ? 2 : undefined
  if (width === undefined || at + 1 + width > bytes.length) return undefined
  let argument = info < 24 ? info : 0
  for (let i = 1; i <= width; i++) argument = argument * 256 + (bytes[at + i] ?? 0)
  const end = at + 1 + width
  if (major === 0) return { value: argument, end }
  if (major === 1) return { value: -1 - argument, end }
  if (major !== 2 || end + argument > bytes.length) return undefined
  return { value: bytes.subarray(end, end + argument), end: end + argument }
}

interface KeyMap {
  readonly members: ReadonlyMap<number, number | Uint8Array>
  readonly end: number
}

const readMap = (bytes: Uint8Array, at: number): KeyMap | undefined => {
  const head = bytes[at]
  if (head === undefined || head >> 5 !== 5 || (head & 31) > 8) return undefined
  const members = new Map<number, number | Uint8Array>()
  let end = at + 1
  for (let left = head & 31; left > 0; left--) {
    const label = readItem(bytes, end)
    if (label === undefined || typeof label.value !== 'number' || members.has(label.value)) return undefined
    const item = readItem(bytes, label.end)
    if (item === undefined) return undefined
    members.set(label.value, item.value)
    end = item.end
  }
  return { members, end }
}

/** Where the COSE key that starts at `at` ends; undefined if there is none. */
export const endOfCoseKey = (bytes: Uint8Array, at: number): number | undefined => readMap(bytes, at)?.end

/** An ES256 (P-256) or EdDSA (Ed25519) key; anything after it is malformed. */
export const parseCoseKey = (bytes: Uint8Array): CoseKey | CoseKeyRefusal => {
  const map = readMap(bytes, 0)
  if (map === undefined || map.end !== bytes.length) return { code: 'malformed' }
  const { members } = map
  const is = (expected: typeof ES256 | typeof EDDSA): boolean =>
    members.get(LABEL.keyType) === expected.keyType &&
    members.get(LABEL.algorithm) === expected.algorithm &&
    members.get(LABEL.curve) === expected.curve
  const x = members.get(LABEL.x)
  const y = members.get(LABEL.y)
  if (is(ES256)) {
    if (!(x instanceof Uint8Array) || !(y instanceof Uint8Array) || x.length !== 32 || y.length !== 32) {
      return { code: 'malformed' }
    }
    return { algorithm: 'ES256', x, y }
  }
  if (is(EDDSA)) {
    return x instanceof Uint8Array && x.length === 32 ? { algorithm: 'EdDSA', x } : { code: 'malformed' }
  }
  return { code: 'algorithm' }
}
