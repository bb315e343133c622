import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { signedFor } from './hashes.ts'

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
const known = new Map<string, KeyObject | null>()
const MOST_KNOWN = 10_000

const keyOf = (name: string, jwk: Record<string, string>): KeyObject | null => {
  const before = known.get(name)
  if (before !== undefined) return before
  let key: KeyObject | null
  try {
    key = createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    key = null
  }
  if (known.size < MOST_KNOWN) known.set(name, key)
  return key
}

const holds = (
  algorithm: string | null,
  key: KeyObject | null,
  message: Uint8Array,
  signature: Uint8Array,
) => {
  try {
    return key !== null && verify(algorithm, message, key, signature)
  } catch {
    return false
  }
}

/** y of the points of small order, and of what is no canonical y, with the sign bit cleared. */
const SMALL_ORDER = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`,
])
/** Every installation refuses these, so they may vouch for nothing here either, whatever the library under Node does about them. */
const isPoint = (encoded: Uint8Array): boolean => {
  const y = Uint8Array.from(encoded)
  y[31] = (y[31] ?? 0) & 0x7f
  const beyond = y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff) && (y[0] ?? 0) >= 0xed
  return !beyond && !SMALL_ORDER.has(Buffer.from(y).toString('hex'))
}

/** Ed25519 over exactly these bytes. */
export const ed25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (publicKey.length !== 32 || signature.length !== 64) return false
  if (!isPoint(publicKey) || !isPoint(signature.subarray(0, 32))) return false
  const x = base64url(publicKey)
  return holds(null, keyOf(`ed ${x}`, { kty: 'OKP', crv: 'Ed25519', x }), message, signature)
}

/** Ed25519 under a purpose of the format. */
export const signedUnder = (
  publicKey: Uint8Array,
  purpose: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean => ed25519(publicKey, signedFor(purpose, bytes), signature)

/** ECDSA on P-256 with SHA-256; the signature in DER. */
export const es256 = (x: Uint8Array, y: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  const jwk = { kty: 'EC', crv: 'P-256', x: base64url(x), y: base64url(y) }
  return holds('sha256', keyOf(`es ${jwk.x} ${jwk.y}`, jwk), message, signature)
}
