/**
 * The door to libsodium: nothing outside this package imports it, and inside only this file does.
 *
 * `sodium` are the wrappers. `rawSodium` is the WebAssembly module under them, for the one hot path (aead.ts)
 * where a heap allocation per argument costs more than the cipher. Both are usable after `cryptoReady()`.
 */
import sodium from 'libsodium-wrappers'
import { CryptoError } from './crypto-error.ts'

export { sodium }

type Pointer = number

/** What aead.ts calls of the module; 64-bit lengths travel as (low, high) 32-bit halves. */
export interface RawSodium {
  /** The whole heap. Growing the heap replaces it: read it again after every `_malloc`. */
  HEAPU8: Uint8Array
  _malloc(bytes: number): Pointer
  _free(pointer: Pointer): void
  _crypto_generichash(
    out: Pointer,
    outBytes: number,
    message: Pointer,
    messageLow: number,
    messageHigh: number,
    key: Pointer,
    keyBytes: number,
  ): number
  _crypto_aead_xchacha20poly1305_ietf_encrypt(
    out: Pointer,
    outLength: Pointer,
    message: Pointer,
    messageLow: number,
    messageHigh: number,
    ad: Pointer,
    adLow: number,
    adHigh: number,
    unused: Pointer,
    nonce: Pointer,
    key: Pointer,
  ): number
  _crypto_aead_xchacha20poly1305_ietf_decrypt(
    out: Pointer,
    outLength: Pointer,
    unused: Pointer,
    ciphertext: Pointer,
    ciphertextLow: number,
    ciphertextHigh: number,
    ad: Pointer,
    adLow: number,
    adHigh: number,
    nonce: Pointer,
    key: Pointer,
  ): number
}

const NAMES = [
  '_malloc',
  '_free',
  '_crypto_generichash',
  '_crypto_aead_xchacha20poly1305_ietf_encrypt',
  '_crypto_aead_xchacha20poly1305_ietf_decrypt',
] as const

const isRawSodium = (value: unknown): value is RawSodium =>
  typeof value === 'object' &&
  value !== null &&
  'HEAPU8' in value &&
  value.HEAPU8 instanceof Uint8Array &&
  NAMES.every((name) => typeof Reflect.get(value, name) === 'function')

/** The module under the wrappers; throws `self_check` before `cryptoReady()` or if the library changed shape. */
export const rawSodium = (): RawSodium => {
  const raw: unknown = Reflect.get(sodium, 'libsodium')
  if (!isRawSodium(raw))
    throw new CryptoError('self_check', 'libsodium is not ready: await cryptoReady() first')
  return raw
}
