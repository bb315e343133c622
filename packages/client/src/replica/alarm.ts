import { bytesSchema, hashSchema, timeSchema } from '@countersign/schema/bytes'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { MAX_ENTRY_BYTES } from '@countersign/schema/entry-limits'
import { idSchema, streamSchema } from '@countersign/schema/ids'
import { z } from 'zod'

/**
 * Why this installation stopped trusting its server. `rollback`: it shows less than it did. `fork`: it shows another history
 * than the one seen here or by another device. `genesis`: another team. `bad_entry`: an entry that no honest server passes on.
 * `withheld`: entries rest on ledger entries it will not give.
 */
export const alarmCodeSchema = z.enum(['rollback', 'fork', 'genesis', 'bad_entry', 'withheld'])

export const alarmSchema = z.strictObject({
  code: alarmCodeSchema,
  stream: streamSchema,
  seq: z.number().int().nonnegative(),
  message: z.string().max(500),
  time: timeSchema,
  /** Whose signature vouched for what is not genuine: a member who was deceived, or who deceives. */
  signer: z.strictObject({ member: idSchema, device: idSchema }).optional(),
  /** What proves it, as received: entry bytes, encoded statements, or heads' hashes; a label each. */
  evidence: z
    .array(z.strictObject({ label: z.string().max(60), bytes: bytesSchema(0, MAX_ENTRY_BYTES) }))
    .max(8),
})
export type Alarm = z.infer<typeof alarmSchema>
export type AlarmCode = z.infer<typeof alarmCodeSchema>
export type Problem = Omit<Alarm, 'time'>

export const encodeAlarm = (alarm: Alarm): Uint8Array => encodeCanonical(alarm as CborValue)
/** Throws CanonicalError or ZodError. */
export const decodeAlarm = (bytes: Uint8Array): Alarm => alarmSchema.parse(decodeCanonical(bytes))

/** Evidence that names a head. */
export const headEvidence = (label: string, hash: Uint8Array): Alarm['evidence'][number] => ({
  label,
  bytes: hashSchema.parse(hash),
})
