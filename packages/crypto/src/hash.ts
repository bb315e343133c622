import { createHash, hash, timingSafeEqual } from 'node:crypto'
import { domainLabel } from './domain.ts'

const SEPARATOR = new Uint8Array(1)

const plain = (digest: Buffer): Uint8Array => new Uint8Array(digest.buffer, digest.byteOffset, digest.length)

/** Up to so many bytes it is quicker to put label and bytes together and to hash them in one call. */
const SHORT = 16_384
const together = new Uint8Array(256 + SHORT)

/** SHA-256 in one call. The digest comes as text of one character a byte: that is less work for both sides than an object. */
const digestOf = (bytes: Uint8Array): Uint8Array => {
  const digest = hash('sha256', bytes, 'binary')
  const out = new Uint8Array(32)
  for (let i = 0; i < 32; i++) out[i] = digest.charCodeAt(i)
  return out
}

/** SHA-256, 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => digestOf(bytes)

/** SHA-256(`countersign/v1/<purpose>` ‖ 0x00 ‖ bytes), 32 bytes (SPEC C2). */
export const hashOf = (purpose: string, bytes: Uint8Array): Uint8Array => {
  const label = domainLabel(purpose)
  if (bytes.length > SHORT || label.length > 255) {
    return plain(createHash('sha256').update(label).update(SEPARATOR).update(bytes).digest())
  }
  const length = label.length + 1 + bytes.length
  together.set(label)
  together[label.length] = 0
  together.set(bytes, label.length + 1)
  const digest = digestOf(together.subarray(0, length))
  // Not everything that is hashed is public.
  together.fill(0, 0, length)
  return digest
}

/** Up to so many bytes a loop is quicker than a call of the platform. */
const FEW = 64

/** Whether two byte strings are equal, in time that depends only on their lengths. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  if (a.length > FEW) return timingSafeEqual(a, b)
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number)
  return difference === 0
}
