import { z } from 'zod'
import { hashSchema, nameSchema, noteSchema, seqSchema, timeSchema } from './bytes.ts'
import { decidedChangeSchema } from './decided-change.ts'
import { idSchema } from './ids.ts'

/** What the agent saw of the program that asks. All of it is shown to approvers as observed, never as proved. */
export const callerSchema = z.strictObject({
  executable: z.string().max(4096).nullable(),
  executableHash: hashSchema.nullable(),
  pid: z.number().int().nonnegative().nullable(),
  /** Parent programs, nearest first. */
  parents: z.array(z.string().max(4096)).max(8),
  workingDirectory: z.string().max(4096).nullable(),
  container: z.string().max(200).nullable(),
  user: z.string().max(200),
  /** How the caller reached us: Unix socket (peer known) or TCP (peer guessed from the port). */
  via: z.enum(['socket', 'tcp']),
  /** The program asked for a token that other programs may use as well: approvers must see that. Absent: this executable only. */
  anyProgram: z.literal(true).optional(),
})
export type Caller = z.infer<typeof callerSchema>

export const leaseSchema = z.strictObject({
  durationMs: z.number().int().min(60_000),
  uses: z.number().int().min(1).max(1_000_000_000).nullable(),
  untilLock: z.boolean(),
  untilProcessEnds: z.boolean(),
})
export type Lease = z.infer<typeof leaseSchema>

/** What a binding may do: the part approvers may narrow (fewer items, a shorter lease, broker for reveal), never widen. */
export const termsSchema = z.strictObject({
  vault: idSchema,
  environment: idSchema,
  /** The items asked for, by id; at least one. */
  items: z.array(idSchema).min(1).max(100),
  /** Models, for the broker; empty means any. */
  models: z.array(nameSchema).max(50),
  mode: z.enum(['reveal', 'broker']),
  lease: leaseSchema,
})
export type Terms = z.infer<typeof termsSchema>

/** The sealed body of `request.create`, and with its request id what `requestHash` hashes (purpose `request`). */
export const bindingRequestSchema = z.strictObject({
  kind: z.literal('binding'),
  request: idSchema,
  requester: idSchema,
  device: idSchema,
  terms: termsSchema,
  application: nameSchema,
  caller: callerSchema,
  reason: noteSchema,
  /** Six digits people compare between the program's terminal and what approvers see. */
  code: z.string().regex(/^\d{6}$/),
  policyVersion: seqSchema,
  nonce: hashSchema,
  createdAt: timeSchema,
  expiresAt: timeSchema,
})
export type BindingRequest = z.infer<typeof bindingRequestSchema>

/** A change that needs a quorum (P3): what it decides, which the later entry must match. */
export const changeRequestSchema = z.strictObject({
  kind: z.literal('change'),
  request: idSchema,
  requester: idSchema,
  device: idSchema,
  /** The compartments whose quorum is asked. */
  environments: z.array(idSchema).max(200),
  change: decidedChangeSchema,
  /** The member the change is about, whose own approval does not count; null if none. */
  subject: idSchema.nullable(),
  /** The requester's words; nothing in them is checked against the change. */
  reason: noteSchema,
  nonce: hashSchema,
  createdAt: timeSchema,
  expiresAt: timeSchema,
})
export type ChangeRequest = z.infer<typeof changeRequestSchema>

export const requestBodySchema = z.discriminatedUnion('kind', [bindingRequestSchema, changeRequestSchema])
export type RequestBody = z.infer<typeof requestBodySchema>
