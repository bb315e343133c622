import { CryptoError } from './crypto-error.ts'
import { inDomain } from './domain.ts'
import type { KeyPair } from './key-pair.ts'
import { Secret } from './secret.ts'
import { sodium } from './sodium.ts'

/** The Ed25519 key pair of a 32-byte seed; the seed stays the caller's. */
export const signKeypair = (seed: Secret): KeyPair => {
  if (seed.length !== 32) throw new CryptoError('bad_key', 'a signing seed is 32 bytes')
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed.expose())
  return { publicKey, secretKey: Secret.take(privateKey) }
}

/** Ed25519 over `countersign/v1/<purpose>` ‖ 0x00 ‖ bytes (SPEC C9), 64 bytes. */
export const sign = (secretKey: Secret, purpose: string, bytes: Uint8Array): Uint8Array => {
  if (secretKey.length !== 64) throw new CryptoError('bad_key', 'a signing key is 64 bytes')
  return sodium.crypto_sign_detached(inDomain(purpose, bytes), secretKey.expose())
}
