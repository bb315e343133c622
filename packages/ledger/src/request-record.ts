import { bytesSchema, hashSchema, seqSchema, timeSchema } from '@countersign/schema/bytes'
import { idSchema } from '@countersign/schema/ids'
import { requestBodySchema, termsSchema } from '@countersign/schema/request'
import { z } from 'zod'

/** One person's approval, as the ledger counts it. `credentialId` and `signCount` are evidence, never judged again. */
export const approvalRecordSchema = z.strictObject({
  member: idSchema,
  device: idSchema,
  seq: seqSchema,
  time: timeSchema,
  expiresAt: timeSchema,
  /** Null for a change request. */
  terms: termsSchema.nullable(),
  credentialId: bytesSchema(1, 1023),
  signCount: seqSchema,
})
export type ApprovalRecord = z.infer<typeof approvalRecordSchema>

/** Who ended something, where, and why: by an act (`denied`, `cancelled`, `revoked`) or as a consequence of another entry. */
export const endingSchema = z.strictObject({
  member: idSchema,
  device: idSchema,
  seq: seqSchema,
  time: timeSchema,
  cause: z.enum([
    'denied',
    'cancelled',
    'revoked',
    'policy_changed',
    'member_removed',
    'device_removed',
    'access_lost',
  ]),
  reason: z.string(),
})
export type Ending = z.infer<typeof endingSchema>

export const grantRecordSchema = z.strictObject({
  issuer: idSchema,
  device: idSchema,
  seq: seqSchema,
  time: timeSchema,
  terms: termsSchema,
  expiresAt: timeSchema,
  /** The newest version released of each item, and the entry that carries its key. */
  released: z.array(z.strictObject({ item: idSchema, version: z.number().int().min(1), seq: seqSchema })),
  revoked: endingSchema.nullable(),
})
export type GrantRecord = z.infer<typeof grantRecordSchema>

export const requestRecordSchema = z.strictObject({
  request: idSchema,
  seq: seqSchema,
  time: timeSchema,
  body: requestBodySchema,
  /** What approvals name: hashOf('request', canonical body). */
  requestHash: hashSchema,
  /** `granted` once a grant was issued (see `grant`), `done` once a change was carried out. */
  state: z.enum(['open', 'denied', 'cancelled', 'granted', 'done']),
  /** In ledger order, one a person. */
  approvals: z.array(approvalRecordSchema),
  /** Nonces of every approval ever counted here, in hexadecimal: a withdrawn touch is not used again. */
  nonces: z.array(z.string()),
  ended: endingSchema.nullable(),
  grant: grantRecordSchema.nullable(),
  /** Where and by whom an approved change was carried out. */
  carriedOut: z
    .strictObject({ member: idSchema, device: idSchema, seq: seqSchema, time: timeSchema })
    .nullable(),
})
export type RequestRecord = z.infer<typeof requestRecordSchema>
