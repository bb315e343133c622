import { createSecretKey, hkdfSync } from 'node:crypto'
import { CryptoError } from './crypto-error.ts'
import { domainLabel } from './domain.ts'
import { kemKeypair } from './kem.ts'
import type { KeyPair } from './key-pair.ts'
import { Secret } from './secret.ts'
import { signKeypair } from './sign.ts'

const NO_SALT = new Uint8Array(0)

/** HKDF-SHA-256 (RFC 5869) with `countersign/v1/<purpose>` as info (SPEC C8). */
export const hkdf = (ikm: Secret, salt: Uint8Array, purpose: string, length = 32): Secret =>
  // Bytes would become such a key object as well, after an exception inside Node that costs more than the hashing.
  Secret.take(
    new Uint8Array(hkdfSync('sha256', createSecretKey(ikm.expose()), salt, domainLabel(purpose), length)),
  )

const ofLength = (secret: Secret, length: number, what: string): Secret => {
  if (secret.length !== length) throw new CryptoError('bad_key', `${what} is ${length} bytes`)
  return secret
}

const signKeypairFrom = (ikm: Secret, purpose: string): KeyPair => {
  const seed = hkdf(ikm, NO_SALT, purpose)
  try {
    return signKeypair(seed)
  } finally {
    seed.wipe()
  }
}

const kemKeypairFrom = (ikm: Secret, purpose: string): KeyPair => {
  const seed = hkdf(ikm, NO_SALT, purpose)
  try {
    return kemKeypair(seed)
  } finally {
    seed.wipe()
  }
}

/** A member's Ed25519 and X-Wing key pairs, from the member's root (32 bytes). */
export const memberKeys = (root: Secret): { sign: KeyPair; kem: KeyPair } => {
  ofLength(root, 32, 'a root')
  return { sign: signKeypairFrom(root, 'member/sign'), kem: kemKeypairFrom(root, 'member/kem') }
}

/** Seals what one member's installation keeps for itself (tokens' hashes, local state) so that it opens after unlock. */
export const storeKey = (root: Secret): Secret => hkdf(ofLength(root, 32, 'a root'), NO_SALT, 'member/store')

/**
 * The X-Wing key pair that grants to this device are sealed to. It needs both the member's root and the device's
 * secret: neither a stolen device file nor another installation of the same member can open them.
 */
export const deviceKem = (root: Secret, deviceSecret: Secret): KeyPair => {
  const both = new Uint8Array(64)
  both.set(ofLength(root, 32, 'a root').expose(), 0)
  both.set(ofLength(deviceSecret, 32, 'a device secret').expose(), 32)
  const ikm = Secret.take(both)
  try {
    return kemKeypairFrom(ikm, 'device/kem')
  } finally {
    ikm.wipe()
  }
}

/** The Ed25519 key pair a device connects and witnesses with; it needs no unlock (P14). */
export const deviceSign = (deviceSecret: Secret): KeyPair =>
  signKeypairFrom(ofLength(deviceSecret, 32, 'a device secret'), 'device/sign')

/** The key that wraps a root under one security key: from its PRF output (32 bytes) and the credential's own salt. */
export const prfWrapKey = (prfOutput: Secret, salt: Uint8Array): Secret =>
  hkdf(ofLength(prfOutput, 32, 'a PRF output'), salt, 'root-wrap/prf')

/** The key that wraps a root under a recovery code (20 bytes, uniformly random: no slow hash is needed). */
export const recoveryWrapKey = (code: Secret): Secret =>
  hkdf(ofLength(code, 20, 'a recovery code'), NO_SALT, 'root-wrap/recovery')

/** Proves to the server that one knows the recovery code; the server holds the public key and learns nothing else. */
export const recoveryLocatorKey = (code: Secret): KeyPair =>
  signKeypairFrom(ofLength(code, 20, 'a recovery code'), 'recovery/locator')
