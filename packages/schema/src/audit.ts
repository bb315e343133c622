import { z } from 'zod'
import { blobSchema, nameSchema, seqSchema, timeSchema } from './bytes.ts'
import { idSchema } from './ids.ts'
import { callerSchema } from './request.ts'

/** `plain` of `audit.segment`: a fresh 32-byte segment key sealed to the auditors' public key (P18). */
export const auditSegmentSchema = z.strictObject({
  segment: idSchema,
  auditEpoch: seqSchema,
  /** sealTo(audit publicKey, { type: 'audit-segment', team, device, segment }). */
  key: blobSchema,
  /** Why a new segment started. */
  cause: z.enum(['first', 'start', 'audit_key_changed', 'restored']),
})

/** Most records in one entry. */
export const MAX_AUDIT_RECORDS = 1024

/**
 * `plain` of `audit.records`: one signed entry per group commit with `count` records, numbered from `first` in their segment. `records`
 * is one AEAD under the ratcheted segment key over the canonical CBOR list of them, context
 * { type: 'audit-records', team, device, segment, first, count }.
 */
export const auditRecordsSchema = z.strictObject({
  segment: idSchema,
  first: seqSchema,
  count: z.number().int().min(1).max(MAX_AUDIT_RECORDS),
  records: blobSchema,
})

export type AuditSegment = z.infer<typeof auditSegmentSchema>
export type AuditRecords = z.infer<typeof auditRecordsSchema>

export const auditActionSchema = z.enum([
  'credential.read',
  /** Reads that were answered without a record, while a disk took none and a policy let running leases go on. */
  'credential.read_unrecorded',
  'credential.denied',
  'credential.revealed',
  'credential.listed',
  'binding.requested',
  'binding.denied',
  'binding.token_issued',
  'binding.given_back',
  'app.denied',
  'vault.unlocked',
  'vault.locked',
  'unlock.failed',
  'device.acknowledged',
  'mode.changed',
  'audit.opened',
  'claim.reused',
  'settings.changed',
  'alarm.dismissed',
])
export type AuditAction = z.infer<typeof auditActionSchema>

/** Different reads that one `credential.read_unrecorded` may stand for. */
export const MAX_UNRECORDED_KINDS = 100

/** What of one binding was read without a record, written when the disk takes records again. */
export const unrecordedReadsSchema = z.strictObject({
  first: timeSchema,
  last: timeSchema,
  /** `field` empty: the whole credential. The counts add up to the record's. */
  reads: z
    .array(
      z.strictObject({
        item: idSchema,
        version: z.number().int().min(1),
        field: z.string().max(40),
        count: z.number().int().min(1),
      }),
    )
    .min(1)
    .max(MAX_UNRECORDED_KINDS),
})
export type UnrecordedReads = z.infer<typeof unrecordedReadsSchema>

/** One record before sealing: what happened on this device. Never a value. */
export const auditRecordSchema = z.strictObject({
  time: timeSchema,
  action: auditActionSchema,
  /** Stable outcome code: 'ok' or the refusal's code. */
  outcome: z.string().max(60),
  /** How many alike this record stands for (coalesced denials), at least 1. */
  count: z.number().int().min(1),
  binding: idSchema.nullable(),
  environment: idSchema.nullable(),
  item: idSchema.nullable(),
  version: z.number().int().nullable(),
  application: nameSchema.nullable(),
  caller: callerSchema.nullable(),
  detail: z.string().max(500),
  /** Of `credential.read_unrecorded` only. */
  unrecorded: unrecordedReadsSchema.optional(),
})
export type AuditRecord = z.infer<typeof auditRecordSchema>

/** What the blob of an entry holds. */
export const auditRecordListSchema = z.array(auditRecordSchema).min(1).max(MAX_AUDIT_RECORDS)
