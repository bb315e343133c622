import { bytesSchema } from '@countersign/schema/bytes'
import { z } from 'zod'

// Apart from `sealed-text`, which windows load: their content policy has no room for what zod tries at its start.

export const sealingKeySchema = bytesSchema(65)
export const sealedTextSchema = z.strictObject({ key: sealingKeySchema, bytes: bytesSchema(17, 1_048_576) })
export type SealedText = z.infer<typeof sealedTextSchema>
