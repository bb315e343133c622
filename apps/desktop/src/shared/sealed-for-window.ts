import { bytesSchema } from '@countersign/schema/bytes'
import { z } from 'zod'

// Apart from `shown-value`, which windows load: their content policy has no room for what zod tries at its start.

export const windowKeySchema = bytesSchema(65)
export const sealedForWindowSchema = z.strictObject({ key: windowKeySchema, bytes: bytesSchema(17, 65_552) })
export type SealedForWindow = z.infer<typeof sealedForWindowSchema>
