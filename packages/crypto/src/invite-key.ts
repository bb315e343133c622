import { CryptoError } from './crypto-error.ts'
import { hkdf } from './derive.ts'
import type { KeyPair } from './key-pair.ts'
import type { Secret } from './secret.ts'
import { signKeypair } from './sign.ts'

const NO_SALT = new Uint8Array(0)

/**
 * Both sides of an invite hold its secret (32 bytes). `sign` opens the invite's mailbox on the server, whose id is its public
 * key; `seal` seals what the two put there (SPEC C14).
 */
export const inviteKeys = (secret: Secret): { sign: KeyPair; seal: Secret } => {
  if (secret.length !== 32) throw new CryptoError('bad_key', 'an invite secret is 32 bytes')
  const seed = hkdf(secret, NO_SALT, 'invite/sign')
  try {
    return { sign: signKeypair(seed), seal: hkdf(secret, NO_SALT, 'invite/seal') }
  } finally {
    seed.wipe()
  }
}
