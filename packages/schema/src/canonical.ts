import { encode, rfc8949EncodeOptions } from 'cborg'
import { CanonicalError } from './canonical-error.ts'
import { CanonicalReader, MAX_DEPTH } from './canonical-reader.ts'

export { CanonicalError } from './canonical-error.ts'

/** What canonical bytes can carry: no floats, no tags, no undefined, map keys are strings. */
export type CborValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined }

/** Integers only: a float would have several encodings across libraries. Undefined members are left out. */
const normalise = (value: CborValue, depth: number): CborValue => {
  if (depth > MAX_DEPTH) throw new CanonicalError('nested too deeply')
  if (value instanceof Uint8Array || value === null) return value
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new CanonicalError('only safe integers have a canonical encoding')
    return value
  }
  if (Array.isArray(value)) return value.map((each: CborValue) => normalise(each, depth + 1))
  if (typeof value === 'object') {
    const out: Record<string, CborValue> = {}
    for (const [key, each] of Object.entries(value)) {
      if (each !== undefined) out[key] = normalise(each, depth + 1)
    }
    return out
  }
  if (typeof value === 'string' || typeof value === 'boolean') return value
  throw new CanonicalError(`a ${typeof value} has no canonical encoding`)
}

/** Deterministic CBOR (RFC 8949 §4.2.1) of a value; object members that are undefined are left out. */
export const encodeCanonical = (value: CborValue): Uint8Array =>
  encode(normalise(value, 0), rfc8949EncodeOptions)

/**
 * The value of canonical bytes; throws CanonicalError on anything that `encodeCanonical` would not have written. Byte strings in it are
 * copies of their own.
 */
export const decodeCanonical = (bytes: Uint8Array): unknown => {
  const reader = new CanonicalReader(bytes)
  const value = reader.value(0)
  if (reader.left > 0) throw new CanonicalError('something follows the value')
  return value
}
