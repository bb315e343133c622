import { inDomain } from './domain.ts'
import { acceptsNatively, acceptsNativelyElsewhere } from './native-signature.ts'
import { sodium } from './sodium.ts'

/** BoringSSL takes half of libsodium's time in WebAssembly; OpenSSL takes as long as that. */
const NATIVE_IS_FASTER = process.versions.electron !== undefined

export type Accepts = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean

const acceptsSodium: Accepts = (publicKey, message, signature) =>
  publicKey.length === 32 &&
  signature.length === 64 &&
  sodium.crypto_sign_verify_detached(signature, message, publicKey)

let accepts = acceptsSodium

/** Puts another build of libsodium in the place of the one in WebAssembly, in this thread. */
export const verifyWith = (other: Accepts): void => {
  accepts = other
}

/**
 * Ed25519 as libsodium verifies it: strict about small-order keys and non-canonical encodings, so that every
 * installation and the server judge a signature alike. False, never an error, for anything that is not a signature.
 */
export const verifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  (NATIVE_IS_FASTER && acceptsNatively(publicKey, message, signature)) ||
  accepts(publicKey, message, signature)

/** Whether `sign(…, purpose, bytes)` by the holder of this key made the signature (SPEC C9). */
export const verifySignature = (
  publicKey: Uint8Array,
  purpose: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean => verifyEd25519(publicKey, inDomain(purpose, bytes), signature)

/**
 * Whether another thread finds the signature good; nothing may be written to the key and the signature until it answers. False says
 * nothing: `verifySignature` has to be asked.
 */
export const verifiesElsewhere = (
  publicKey: Uint8Array,
  purpose: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> => acceptsNativelyElsewhere(publicKey, inDomain(purpose, bytes), signature)
