import { CryptoError, openFailed } from './crypto-error.ts'
import { domainLabel } from './domain.ts'
import type { Secret } from './secret.ts'
import { sodium } from './sodium.ts'

const NONCE_AT = 1
const NONCE_BYTES = 24
const MIN_BLOB_BYTES = 137

/**
 * The key under which one blob of `seal` is encrypted (SPEC C5): it opens that blob and no other, and says nothing of `key`.
 * Whoever may read a blob discloses it to a third person this way, who checks it against the blob's tag (SPEC C23).
 */
export const messageKey = (key: Secret, blob: Uint8Array): Uint8Array => {
  if (key.length !== 32) throw new CryptoError('bad_key', 'a sealing key is 32 bytes')
  if (blob.length < MIN_BLOB_BYTES || blob[0] !== 1) throw openFailed()
  const label = domainLabel('aead/encrypt')
  const message = new Uint8Array(label.length + 1 + NONCE_BYTES)
  message.set(label, 0)
  message.set(blob.subarray(NONCE_AT, NONCE_AT + NONCE_BYTES), label.length + 1)
  return sodium.crypto_generichash(32, message, key.expose())
}
