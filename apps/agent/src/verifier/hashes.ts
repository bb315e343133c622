import { createHash } from 'node:crypto'

export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return Uint8Array.from(hash.digest())
}

const ZERO = Uint8Array.of(0)
const label = (purpose: string): Uint8Array => new TextEncoder().encode(`countersign/v1/${purpose}`)

/** SHA-256(`countersign/v1/<purpose>` ‖ 0x00 ‖ bytes). */
export const hashFor = (purpose: string, bytes: Uint8Array): Uint8Array => sha256(label(purpose), ZERO, bytes)

/** What a signature under a purpose is over. */
export const signedFor = (purpose: string, bytes: Uint8Array): Uint8Array =>
  Uint8Array.from(Buffer.concat([label(purpose), ZERO, bytes]))

export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
