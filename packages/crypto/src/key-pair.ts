import type { Secret } from './secret.ts'

/** A public key and the secret that belongs to it: Ed25519 (32, 64 bytes) or X-Wing (1216, 32 bytes). */
export interface KeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Secret
}
