import { z } from 'zod'
import { nameSchema, noteSchema } from './bytes.ts'
import { idSchema } from './ids.ts'
import { slugSchema } from './item.ts'
import { modeRowSchema, modeSchema } from './mode.ts'
import { problemSchema } from './problem.ts'
import { answerKeySchema, senderKeysSchema } from './sender.ts'

/** Requests and answers of the local API. The OpenAPI document is generated from these very schemas. Times are ms since the epoch. */

const time = z.number().int().nonnegative()
const DAY = 86_400_000

/** What a program may ask for its lease; absent parts take the shown defaults, the policy may cap them. */
export const leaseAskSchema = z.strictObject({
  durationMs: z
    .number()
    .int()
    .min(60_000)
    .max(366 * DAY),
  uses: z.number().int().min(1).max(1_000_000_000).nullable().default(null),
  untilLock: z.boolean().default(false),
  untilProcessEnds: z.boolean().default(false),
})

/** In one binding. */
export const MAX_ITEMS = 100

export const bindingAskSchema = z
  .strictObject({
    application: nameSchema.describe('What people see as the name of the program.'),
    vault: slugSchema,
    environment: slugSchema,
    items: z
      .array(slugSchema)
      .min(1)
      .max(MAX_ITEMS)
      .optional()
      .describe('Names (or ids) of the credentials. Either these or `provider`.'),
    provider: slugSchema
      .optional()
      .describe('All credentials of a provider that are in the environment now; approvers see which.'),
    models: z.array(nameSchema).max(50).default([]),
    mode: z.enum(['reveal', 'broker']).default('reveal'),
    lease: leaseAskSchema,
    reason: noteSchema.min(1).describe('Why; shown to whoever approves.'),
    tokenFor: z
      .enum(['this-program', 'any-program'])
      .default('this-program')
      .describe('Whether the token works only for the executable that asks. Approvers see it.'),
    senderKeys: senderKeysSchema
      .optional()
      .describe(
        'Keys of the program: token and claim then work only with its proofs, and answers are sealed to it.',
      ),
  })
  .refine((ask) => (ask.items === undefined) !== (ask.provider === undefined), {
    path: ['items'],
    message: 'Give either items or provider.',
  })
/** A request to bind, as parsed: defaults filled in. */
export type BindingAsk = z.infer<typeof bindingAskSchema>
export type BindingAskInput = z.input<typeof bindingAskSchema>

const bindingStateSchema = z.enum([
  'pending',
  'awaiting_release',
  'granted',
  'denied',
  'cancelled',
  'expired',
  'revoked',
  'grant_expired',
])
/** States of a request and of the binding that comes of it, as the verified ledger has them now. */
export type BindingState = z.infer<typeof bindingStateSchema>

export const bindingCreatedSchema = z.strictObject({
  id: idSchema,
  claim: z.string().describe('Secret. Sent as Authorization: Bearer to fetch the token.'),
  code: z
    .string()
    .regex(/^\d{6}$/)
    .describe('Six digits to compare with what approvers see.'),
  status: z.literal('pending'),
  expiresAt: time.describe('When the request lapses.'),
  items: z.array(z.string()).describe('References of what was asked for.'),
  answerKey: answerKeySchema
    .optional()
    .describe('With `senderKeys`: what answers are signed with. Keep it, and believe no answer without.'),
  statusUrl: z.string(),
  nextStep: z.string(),
})
export type BindingCreated = z.infer<typeof bindingCreatedSchema>

export const grantedTermsSchema = z.strictObject({
  vault: z.string().nullable(),
  environment: z.string().nullable(),
  items: z.array(z.string()).describe('References of the credentials.'),
  models: z.array(z.string()),
  mode: z.enum(['reveal', 'broker']),
  narrowed: z.boolean().describe('Approvers allowed less than was asked.'),
  lease: z.strictObject({
    durationMs: z.number().int(),
    uses: z.number().int().nullable(),
    untilLock: z.boolean(),
    untilProcessEnds: z.boolean(),
  }),
})
export type GrantedTerms = z.infer<typeof grantedTermsSchema>

export const bindingPollSchema = z.strictObject({
  id: idSchema,
  state: bindingStateSchema,
  code: z.string(),
  by: z.array(
    z.strictObject({
      decision: z.enum(['approved', 'denied', 'cancelled', 'released', 'revoked']),
      by: z.string(),
      at: time,
      reason: z.string(),
    }),
  ),
  missingApprovals: z.number().int().nonnegative(),
  terms: grantedTermsSchema,
  expiresAt: time,
  nextStep: z.string(),
  token: z
    .string()
    .optional()
    .describe(
      'Only with state "granted". A claim may fetch a new one until the first use; each voids the one before.',
    ),
})
export type BindingPoll = z.infer<typeof bindingPollSchema>

export const givenBackSchema = z.strictObject({ id: idSchema, status: z.literal('given_back') })

export const credentialSummarySchema = z.strictObject({
  reference: z.string(),
  provider: z.string(),
  fields: z.array(z.string()),
  version: z.number().int().min(1),
  updatedAt: time,
})

export const credentialListSchema = z.strictObject({
  binding: idSchema,
  application: z.string(),
  mode: z.enum(['reveal', 'broker']),
  lease: z.strictObject({ expiresAt: time, usesLeft: z.number().int().nullable() }),
  credentials: z.array(credentialSummarySchema),
})
export type CredentialList = z.infer<typeof credentialListSchema>

export const credentialSchema = z.strictObject({
  reference: z.string(),
  provider: z.string(),
  version: z.number().int().min(1),
  value: z.string().describe('The field asked for, or the credential’s main secret.'),
  fields: z.record(z.string(), z.string()).describe('All fields, or the one asked for.'),
  lease: z.strictObject({ expiresAt: time, usesLeft: z.number().int().nullable() }),
})
export type Credential = z.infer<typeof credentialSchema>

export const MAX_REFERENCES = 100
export const resolveAskSchema = z.strictObject({
  references: z.array(z.string().max(500)).min(1).max(MAX_REFERENCES),
})
export const resolvedSchema = z.strictObject({
  results: z.array(
    z.union([
      z.strictObject({ reference: z.string(), ok: z.literal(true), credential: credentialSchema }),
      z.strictObject({ reference: z.string(), ok: z.literal(false), problem: problemSchema }),
    ]),
  ),
})
export type Resolved = z.infer<typeof resolvedSchema>

/** `data` of a server-sent event; the event's name is `type`. */
export const apiEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('mode'), mode: modeSchema }),
  z.strictObject({ type: z.literal('rotated'), reference: z.string(), version: z.number().int() }),
  z.strictObject({ type: z.literal('revoked'), binding: idSchema, state: bindingStateSchema }),
  z.strictObject({ type: z.literal('expiring'), binding: idSchema, expiresAt: time }),
  z.strictObject({ type: z.literal('locked') }),
])
export type ApiEvent = z.infer<typeof apiEventSchema>

export const healthSchema = z.strictObject({
  status: z.enum(['ok', 'degraded', 'locked']),
  mode: modeSchema,
  serves: modeRowSchema,
  phase: z.enum(['empty', 'joining', 'locked', 'unlocked', 'removed', 'alarm']),
  tryOut: z.boolean(),
  server: z.strictObject({
    connection: z.enum(['offline', 'connecting', 'catching_up', 'live', 'refused', 'alarm']),
    lastContact: time.nullable(),
  }),
  lastWitness: time.nullable(),
  servesUntil: time.nullable(),
  pendingChanges: z.number().int().nonnegative(),
  unrecordedReads: z
    .strictObject({ since: time, reads: z.number().int().positive() })
    .nullable()
    .describe('Reads of running leases that are not on record yet, while the disk takes no audit records.'),
  portMoved: z.boolean(),
  startedAt: time,
})
export type Health = z.infer<typeof healthSchema>

export const liveSchema = z.strictObject({ status: z.literal('alive') })
export const readySchema = z.strictObject({ status: z.literal('ready'), mode: modeSchema })

/** `agent.json` in the runtime folder. */
export const discoverySchema = z.object({
  url: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}$/),
  socket: z.string().min(1),
  pid: z.number().int().positive(),
  portMoved: z.boolean(),
  startedAt: time,
})
export type Discovery = z.infer<typeof discoverySchema>
