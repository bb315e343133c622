import { hkdfSync } from 'node:crypto'
import { type Context, open, seal } from './aead.ts'
import { encodeContext } from './context.ts'
import { CryptoError, openFailed } from './crypto-error.ts'
import { inDomain } from './domain.ts'
import { sha256 } from './hash.ts'
import type { KeyPair } from './key-pair.ts'
import { Secret } from './secret.ts'
import { sodium } from './sodium.ts'

const VERSION = 1
const PUBLIC_KEY_BYTES = 1216
const CIPHERTEXT_BYTES = 1120

/** The X-Wing (ML-KEM-768 and X25519) key pair of a 32-byte seed; the seed stays the caller's. */
export const kemKeypair = (seed: Secret): KeyPair => {
  if (seed.length !== 32) throw new CryptoError('bad_key', 'a KEM seed is 32 bytes')
  const { publicKey, privateKey } = sodium.crypto_kem_seed_keypair(seed.expose())
  return { publicKey, secretKey: Secret.take(privateKey) }
}

/** SPEC C11: bound to the KEM ciphertext, the recipient and the context. */
const messageKey = (
  sharedSecret: Uint8Array,
  ciphertext: Uint8Array,
  publicKey: Uint8Array,
  context: Context,
): Secret => {
  const transcript = new Uint8Array(CIPHERTEXT_BYTES + PUBLIC_KEY_BYTES)
  transcript.set(ciphertext, 0)
  transcript.set(publicKey, CIPHERTEXT_BYTES)
  const info = inDomain('kem/seal', sha256(encodeContext(context)))
  return Secret.take(new Uint8Array(hkdfSync('sha256', sharedSecret, sha256(transcript), info, 32)))
}

const encapsulate = (publicKey: Uint8Array): { ciphertext: Uint8Array; sharedSecret: Uint8Array } => {
  if (publicKey.length !== PUBLIC_KEY_BYTES)
    throw new CryptoError('bad_key', 'a KEM public key is 1216 bytes')
  try {
    return sodium.crypto_kem_enc(publicKey)
  } catch (cause) {
    throw new CryptoError('bad_key', 'not a KEM public key', { cause })
  }
}

/**
 * Seals to a public key: 0x01 ‖ KEM ciphertext (1120) ‖ AEAD blob. This says nothing about the sender; what it
 * carries must travel inside a signed statement, and the key must come from the verified ledger.
 */
export const sealTo = (publicKey: Uint8Array, context: Context, plaintext: Uint8Array): Uint8Array => {
  const { ciphertext, sharedSecret } = encapsulate(publicKey)
  const key = messageKey(sharedSecret, ciphertext, publicKey, context)
  try {
    const sealed = seal(key, context, plaintext)
    const blob = new Uint8Array(1 + CIPHERTEXT_BYTES + sealed.length)
    blob[0] = VERSION
    blob.set(ciphertext, 1)
    blob.set(sealed, 1 + CIPHERTEXT_BYTES)
    return blob
  } finally {
    key.wipe()
    sharedSecret.fill(0)
  }
}

/** The inverse of `sealTo`; throws the one `open_failed` whatever is wrong. */
export const openSealed = (keypair: KeyPair, context: Context, blob: Uint8Array): Uint8Array => {
  const { publicKey, secretKey } = keypair
  if (publicKey.length !== PUBLIC_KEY_BYTES || secretKey.length !== 32) {
    throw new CryptoError('bad_key', 'not a KEM key pair')
  }
  if (blob.length <= 1 + CIPHERTEXT_BYTES || blob[0] !== VERSION) throw openFailed()
  const ciphertext = blob.subarray(1, 1 + CIPHERTEXT_BYTES)
  let sharedSecret: Uint8Array
  try {
    sharedSecret = sodium.crypto_kem_dec(ciphertext, secretKey.expose())
  } catch {
    throw openFailed()
  }
  const key = messageKey(sharedSecret, ciphertext, publicKey, context)
  try {
    return open(key, context, blob.subarray(1 + CIPHERTEXT_BYTES))
  } finally {
    key.wipe()
    sharedSecret.fill(0)
  }
}
