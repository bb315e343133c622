import { createHash, timingSafeEqual } from 'node:crypto'
import { domainLabel } from './domain.ts'

const SEPARATOR = new Uint8Array(1)

const plain = (digest: Buffer): Uint8Array => new Uint8Array(digest.buffer, digest.byteOffset, digest.length)

/** SHA-256, 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => plain(createHash('sha256').update(bytes).digest())

/** SHA-256(`countersign/v1/<purpose>` ‖ 0x00 ‖ bytes), 32 bytes (SPEC C2). */
export const hashOf = (purpose: string, bytes: Uint8Array): Uint8Array =>
  plain(createHash('sha256').update(domainLabel(purpose)).update(SEPARATOR).update(bytes).digest())

/** Whether two byte strings are equal, in time that depends only on their lengths. */
export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && timingSafeEqual(a, b)
