import { z } from 'zod'
import { idSchema } from './ids.ts'
import { MAX_UNRECORDED_MS } from './policy-limits.ts'

export const roleSchema = z.enum(['admin', 'developer', 'auditor'])
export type Role = z.infer<typeof roleSchema>

/**
 * What a member may do in one compartment. `hold`: has the compartment key, reads and writes every value.
 * `request`: sees names, may ask for a grant. `view`: sees names only. `none`: nothing.
 */
export const levelSchema = z.enum(['none', 'view', 'request', 'hold'])
export type Level = z.infer<typeof levelSchema>

/** Who counts towards a quorum: approvers of the compartment, holders of it, admins, or named people. */
export const eligibleSchema = z.union([
  z.strictObject({ kind: z.literal('approvers') }),
  z.strictObject({ kind: z.literal('holders') }),
  z.strictObject({ kind: z.literal('admins') }),
  z.strictObject({ kind: z.literal('members'), members: z.array(idSchema).min(1).max(100) }),
])
export type Eligible = z.infer<typeof eligibleSchema>

export type Rule =
  | { op: 'none' }
  | { op: 'quorum'; k: number; of: Eligible }
  | { op: 'all'; rules: Rule[] }
  | { op: 'any'; rules: Rule[] }
  | { op: 'sequence'; rules: Rule[] }

export const ruleSchema: z.ZodType<Rule> = z.lazy(() =>
  z.union([
    z.strictObject({ op: z.literal('none') }),
    z.strictObject({ op: z.literal('quorum'), k: z.number().int().min(1).max(20), of: eligibleSchema }),
    z.strictObject({ op: z.literal('all'), rules: z.array(ruleSchema).min(1).max(8) }),
    z.strictObject({ op: z.literal('any'), rules: z.array(ruleSchema).min(1).max(8) }),
    z.strictObject({ op: z.literal('sequence'), rules: z.array(ruleSchema).min(1).max(8) }),
  ]),
)

/** The policy of one compartment. Distinct people always; times in milliseconds. */
export const policySchema = z.strictObject({
  rule: ruleSchema,
  /** Whether the requester's own approval counts. */
  selfApproval: z.boolean(),
  /** How long a request waits for its quorum. */
  deadlineMs: z
    .number()
    .int()
    .min(60_000)
    .max(30 * 86_400_000),
  maxLeaseMs: z
    .number()
    .int()
    .min(60_000)
    .max(366 * 86_400_000),
  /** How long a client serves without having reached the server. */
  maxOfflineMs: z
    .number()
    .int()
    .min(0)
    .max(30 * 86_400_000),
  /** How long a client serves without a fresh statement of another person's device (P17). */
  maxUnwitnessedMs: z
    .number()
    .int()
    .min(0)
    .max(30 * 86_400_000),
  /**
   * How long a binding goes on reading, from the first audit record on that a computer's disk did not take: only what it has read on
   * record before. Absent: not at all (docs/decisions/0037).
   */
  maxUnrecordedMs: z.number().int().min(1000).max(MAX_UNRECORDED_MS).optional(),
})
export type Policy = z.infer<typeof policySchema>

const HOUR = 3_600_000

/** A new environment's policy until an admin sets another: holders decide for themselves. */
export const INITIAL_POLICY: Policy = {
  rule: { op: 'none' },
  selfApproval: false,
  deadlineMs: 24 * HOUR,
  maxLeaseMs: 30 * 24 * HOUR,
  maxOfflineMs: 72 * HOUR,
  maxUnwitnessedMs: 72 * HOUR,
}
