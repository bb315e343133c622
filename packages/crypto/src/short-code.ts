import { CryptoError } from './crypto-error.ts'
import { hashOf } from './hash.ts'

const CODES = 1_000_000
const UNBIASED_BELOW = Math.floor(2 ** 32 / CODES) * CODES

/**
 * A commitment to one's part of a transcript, 32 bytes, sent before the other side reveals its nonce (P12). The nonce is
 * 32 random bytes and hides the part until it is opened.
 */
export const commitTo = (transcriptPart: Uint8Array, nonce: Uint8Array): Uint8Array => {
  if (nonce.length !== 32) throw new CryptoError('bad_input', 'a commitment nonce is 32 bytes')
  const message = new Uint8Array(32 + transcriptPart.length)
  message.set(nonce, 0)
  message.set(transcriptPart, 32)
  return hashOf('short-code/commit', message)
}

/** Six decimal digits over a whole transcript, each of the million codes equally likely (SPEC C15). */
export const shortCode = (transcript: Uint8Array): string => {
  let digest = hashOf('short-code', transcript)
  for (;;) {
    const words = new DataView(digest.buffer, digest.byteOffset, digest.length)
    for (let at = 0; at < digest.length; at += 4) {
      const word = words.getUint32(at)
      if (word < UNBIASED_BELOW) return String(word % CODES).padStart(6, '0')
    }
    digest = hashOf('short-code', digest)
  }
}
