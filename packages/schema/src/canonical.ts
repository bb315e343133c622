import { CanonicalError } from './canonical-error.ts'
import { CanonicalReader } from './canonical-reader.ts'
import { CanonicalWriter } from './canonical-writer.ts'
import type { CborValue } from './cbor-value.ts'

export { CanonicalError } from './canonical-error.ts'
export type { CborValue } from './cbor-value.ts'

let spare: Uint8Array | undefined

/**
 * Deterministic CBOR (RFC 8949 §4.2.1) of a value. Object members that are undefined are left out; half a surrogate pair in a text is
 * written as U+FFFD. Throws CanonicalError: numbers are safe integers only, as a float would have several encodings across libraries.
 */
export const encodeCanonical = (value: CborValue): Uint8Array => {
  const writer = new CanonicalWriter(spare ?? new Uint8Array(4096))
  // Taken while it is in use: reading a value may call back here.
  spare = undefined
  try {
    writer.value(value, 0)
    return writer.copy()
  } finally {
    spare = writer.wipe()
  }
}

const read = (reader: CanonicalReader): unknown => {
  const value = reader.value(0)
  if (reader.left > 0) throw new CanonicalError('something follows the value')
  return value
}

/**
 * The value of canonical bytes; throws CanonicalError on anything that `encodeCanonical` would not have written. Byte strings in it are
 * copies of their own.
 */
export const decodeCanonical = (bytes: Uint8Array): unknown => read(new CanonicalReader(bytes))

/**
 * As `decodeCanonical`, for bytes that are no secret: byte strings are views of `bytes`, which change with them and keep all of them in
 * memory, and some of the texts are remembered.
 */
export const viewCanonical = (bytes: Uint8Array): unknown => read(new CanonicalReader(bytes, { views: true }))
