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
/** Text a person typed: bounded, no control characters. */
export const nameSchema = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}\p{Co}\p{Cs}]*$/u, 'control characters are not allowed')
export const noteSchema = z.string().max(2000)
