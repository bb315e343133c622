import { createRequire } from 'node:module'
import { CryptoError } from './crypto-error.ts'
import { type Accepts, verifyWith } from './verify-signature.ts'

/*
 * libsodium compiled for the machine: for the server only, which verifies a signature for every entry it takes (SPEC C9). It takes half
 * the time of WebAssembly. Only its one function is called, straight from the library that the package ships for this platform.
 */

const require = createRequire(import.meta.url)

/** Signature, message and key, each as a buffer, an offset and a length. It does not check lengths. */
type VerifyDetached = (
  signature: ArrayBufferLike,
  signatureAt: number,
  signatureBytes: number,
  message: ArrayBufferLike,
  messageAt: number,
  messageBytes: number,
  key: ArrayBufferLike,
  keyAt: number,
  keyBytes: number,
) => boolean

const load = (): VerifyDetached => {
  const library: unknown = require(
    `sodium-native/prebuilds/${process.platform}-${process.arch}/sodium-native.node`,
  )
  const verify =
    typeof library === 'object' && library !== null && Reflect.get(library, 'crypto_sign_verify_detached')
  if (typeof verify !== 'function') throw new CryptoError('self_check', 'sodium-native changed its shape')
  return verify as VerifyDetached
}

const acceptsBy =
  (verify: VerifyDetached): Accepts =>
  (key, message, signature) =>
    key.length === 32 &&
    signature.length === 64 &&
    verify(
      signature.buffer,
      signature.byteOffset,
      64,
      message.buffer,
      message.byteOffset,
      message.length,
      key.buffer,
      key.byteOffset,
      32,
    ) === true

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** Key, message and signature of RFC 8032 §7.1, test 2. */
const KEY = bytes('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
const MESSAGE = Uint8Array.of(0x72)
const SIGNATURE = bytes(
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
)

/** Whether it accepts what it should, and not another message, a malleated number or a key of small order (SPEC C1). */
const isRight = (accepts: Accepts): boolean => {
  const malleated = Uint8Array.from(SIGNATURE)
  malleated[63] = (malleated[63] ?? 0) | 0x10
  const identity = Uint8Array.of(1, ...new Uint8Array(31))
  return (
    accepts(KEY, MESSAGE, SIGNATURE) &&
    !accepts(KEY, Uint8Array.of(0x73), SIGNATURE) &&
    !accepts(KEY, MESSAGE, malleated) &&
    !accepts(identity, MESSAGE, Uint8Array.of(...identity, ...new Uint8Array(32)))
  )
}

export type NativeSodium =
  | { readonly ok: true; readonly accepts: Accepts }
  /** `why`: the code of the error, or its name; never a path. */
  | { readonly ok: false; readonly why: string }

const attempt = (): NativeSodium => {
  try {
    const accepts = acceptsBy(load())
    return isRight(accepts) ? { ok: true, accepts } : { ok: false, why: 'self_check' }
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    return { ok: false, why: typeof code === 'string' ? code : 'unknown' }
  }
}

let native: NativeSodium | undefined

/** The library, loaded and checked at the first call; `ok` false where this platform has none that loads. */
export const nativeSodium = (): NativeSodium => {
  native ??= attempt()
  return native
}

/** Verifies signatures with it from here on in this thread, where it loads; otherwise WebAssembly goes on. It returns which. */
export const useNativeSodium = (): NativeSodium => {
  const found = nativeSodium()
  if (found.ok) verifyWith(found.accepts)
  return found
}
