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

/** Ed25519 over exactly these bytes. */
export const ed25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (publicKey.length !== 32 || signature.length !== 64) return false
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
