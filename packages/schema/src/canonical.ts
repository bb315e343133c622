import { decode, encode, rfc8949EncodeOptions } from 'cborg'

/** What canonical bytes can carry: no floats, no tags, no undefined, map keys are strings. */
export type CborValue =
  | string
  | number
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | { readonly [key: string]: CborValue | undefined }

/** Thrown when bytes are not the one canonical encoding of a value, or a value has no canonical encoding. */
export class CanonicalError extends Error {
  readonly code = 'canonical.refused'
}

const MAX_DEPTH = 16

const decodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
} as const

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

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** The value of canonical bytes; throws CanonicalError on anything that `encodeCanonical` would not have written. */
export const decodeCanonical = (bytes: Uint8Array): unknown => {
  let value: CborValue
  try {
    value = decode(bytes, decodeOptions) as CborValue
  } catch (cause) {
    throw new CanonicalError('not deterministic CBOR', { cause })
  }
  if (!sameBytes(encodeCanonical(value), bytes)) throw new CanonicalError('not the canonical encoding')
  return value
}
