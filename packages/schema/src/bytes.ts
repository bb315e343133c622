import { z } from 'zod'

/** Bytes of a length in [min, max]. */
export const bytesSchema = (min: number, max: number = min) =>
  z.custom<Uint8Array>(
    (value) => value instanceof Uint8Array && value.length >= min && value.length <= max,
    min === max ? `expected ${min} bytes` : `expected ${min} to ${max} bytes`,
  )

export const hashSchema = bytesSchema(32)
export const signKeySchema = bytesSchema(32)
export const signatureSchema = bytesSchema(64)
/** X-Wing public key: ML-KEM-768 (1184) and X25519 (32). */
export const kemKeySchema = bytesSchema(1216)
/** Something sealed; opaque to whoever is not its recipient. */
export const blobSchema = bytesSchema(1, 262_144)
export const timeSchema = z.number().int().nonnegative()
export const seqSchema = z.number().int().nonnegative()
/**
 * Characters that show nothing or turn the text around them (Unicode TR36, section 2.5; TR39): two names would look alike, or a sentence
 * say something else. Joiners (U+200C, U+200D) stay, which Persian, Indic scripts and emoji are written with.
 */
const UNSEEN =
  '\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}'
/** Text a person typed: bounded, no control characters and none that hide. */
export const nameSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(
    new RegExp(`^[^\\p{Cc}\\p{Co}\\p{Cs}${UNSEEN}]*$`, 'u'),
    'characters that are not seen are not allowed',
  )
export const noteSchema = z.string().max(2000)
