/** For bench/ only: the bare cipher, the peer that `open` and `seal` are measured against. Nothing else may use it. */
import { sodium } from './sodium.ts'

export const rawOpen = (key: Uint8Array, nonce: Uint8Array, ad: Uint8Array, ct: Uint8Array): Uint8Array =>
  sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ct, ad, nonce, key)

export const rawSeal = (
  key: Uint8Array,
  nonce: Uint8Array,
  ad: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array => sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, ad, null, nonce, key)
