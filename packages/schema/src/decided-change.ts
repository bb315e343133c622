import { z } from 'zod'
import { hashSchema, nameSchema } from './bytes.ts'
import { idSchema } from './ids.ts'
import { credentialSchema, deviceSchema, memberKeysSchema } from './membership.ts'
import { levelSchema, policySchema, roleSchema } from './policy.ts'

const accessSchema = z
  .array(z.strictObject({ environment: idSchema, level: levelSchema, approve: z.boolean() }))
  .max(200)
const keySchema = credentialSchema.pick({ credentialId: true, publicKey: true })

/**
 * What a change to the team decides (P3): who, which keys, which level, which policy; without the wraps and blobs that carry it out and
 * may differ at the time they are made. It stands whole in the request, so that whoever approves reads in their own client's words what
 * they sign, and needs to believe nobody's summary of it.
 */
export const decidedChangeSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('member.add'),
    member: memberKeysSchema,
    device: deviceSchema.omit({ signature: true }),
    credentials: z.array(keySchema).min(1).max(20),
    access: accessSchema,
    transcript: hashSchema,
    name: nameSchema,
  }),
  z.strictObject({ type: z.literal('member.access'), member: idSchema, access: accessSchema }),
  z.strictObject({ type: z.literal('member.roles'), member: idSchema, roles: z.array(roleSchema).max(3) }),
  z.strictObject({
    type: z.literal('policy.set'),
    environment: idSchema,
    version: z.number().int().min(1),
    policy: policySchema,
  }),
  keySchema.extend({ type: z.literal('credential.add') }),
])
export type DecidedChange = z.infer<typeof decidedChangeSchema>
