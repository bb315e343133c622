import { inDomain } from './domain.ts'
import { sodium } from './sodium.ts'

/**
 * Ed25519 as libsodium verifies it: strict about small-order keys and non-canonical encodings, so that every
 * installation and the server judge a signature alike. False, never an error, for anything that is not a signature.
 */
export const verifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  publicKey.length === 32 &&
  signature.length === 64 &&
  sodium.crypto_sign_verify_detached(signature, message, publicKey)

/** Whether `sign(…, purpose, bytes)` by the holder of this key made the signature (SPEC C9). */
export const verifySignature = (
  publicKey: Uint8Array,
  purpose: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean => verifyEd25519(publicKey, inDomain(purpose, bytes), signature)
