import { z } from 'zod'
import {
  blobSchema,
  bytesSchema,
  hashSchema,
  kemKeySchema,
  nameSchema,
  seqSchema,
  signatureSchema,
  signKeySchema,
} from './bytes.ts'
import { headSchema } from './entry.ts'
import { idSchema } from './ids.ts'
import { levelSchema, roleSchema } from './policy.ts'

/** A WebAuthn assertion without anything secret: PRF output never gets this far. */
export const assertionSchema = z.strictObject({
  credentialId: bytesSchema(1, 1023),
  authenticatorData: bytesSchema(37, 4096),
  clientDataJSON: bytesSchema(2, 8192),
  signature: bytesSchema(1, 1024),
})
export type AssertionRecord = z.infer<typeof assertionSchema>

/**
 * A member's security key as the team pins it (P21). `proof` is an assertion by that credential over
 * challenge('enrol', { team, member, credentialId, publicKey }).
 */
export const credentialSchema = z.strictObject({
  credentialId: bytesSchema(1, 1023),
  /** COSE key, ES256 or EdDSA. */
  publicKey: bytesSchema(32, 1024),
  aaguid: bytesSchema(16),
  backupEligible: z.boolean(),
  backupState: z.boolean(),
  attestationFormat: z.string().max(40),
  proof: assertionSchema,
})
export type CredentialRecord = z.infer<typeof credentialSchema>

/** An installation. `signature`: the member's key over canonical { team, member, device, signKey, kemKey }, purpose `device-cert`. */
export const deviceSchema = z.strictObject({
  device: idSchema,
  signKey: signKeySchema,
  /** X-Wing key of this device: derived from the member root and the device secret, so it opens only while unlocked, only here. */
  kemKey: kemKeySchema,
  signature: signatureSchema,
})
export type DeviceRecord = z.infer<typeof deviceSchema>

export const memberKeysSchema = z.strictObject({
  member: idSchema,
  signKey: signKeySchema,
  kemKey: kemKeySchema,
  roles: z.array(roleSchema).max(3),
  /** True where a recovery code was enrolled beside the security keys. */
  recovery: z.boolean(),
})
export type MemberKeys = z.infer<typeof memberKeysSchema>

/** A key sealed to one member's X-Wing key. */
export const wrapSchema = z.strictObject({ member: idSchema, blob: blobSchema })
export type Wrap = z.infer<typeof wrapSchema>

/**
 * A new epoch of the team key. Wraps: sealTo(member kemKey, { type: 'team-key', team, epoch, member }).
 * `commitment` = hashOf('key-commitment', canonical { type: 'team-key', team, epoch, key }), checked by each recipient.
 * `previous`: the epoch before, AEAD under this key, context { type: 'team-key-chain', team, epoch } (null at epoch 0).
 */
export const teamKeyEpochSchema = z.strictObject({
  epoch: seqSchema,
  commitment: hashSchema,
  wraps: z.array(wrapSchema).min(1).max(1000),
  previous: blobSchema.nullable(),
})
export type TeamKeyEpoch = z.infer<typeof teamKeyEpochSchema>

/**
 * A new epoch of the auditors' key pair. `wraps`: the 32-byte seed sealed to each auditor, context
 * { type: 'audit-key', team, epoch, member }; `previous`: the seed before, AEAD under a key derived from this seed.
 */
export const auditKeyEpochSchema = z.strictObject({
  epoch: seqSchema,
  publicKey: kemKeySchema,
  wraps: z.array(wrapSchema).max(1000),
  previous: blobSchema.nullable(),
})
export type AuditKeyEpoch = z.infer<typeof auditKeyEpochSchema>

/** The two compartment keys for one member: meta for level view and above, value for hold only. */
export const compartmentWrapSchema = z.strictObject({
  member: idSchema,
  /** sealTo(member kemKey, { type: 'meta-key', team, environment, epoch, member }). */
  meta: blobSchema,
  /** sealTo(member kemKey, { type: 'value-key', team, environment, epoch, member }); null unless the member holds. */
  value: blobSchema.nullable(),
})
export type CompartmentWrap = z.infer<typeof compartmentWrapSchema>

/**
 * A new epoch of a compartment (P4). Commitments: hashOf('key-commitment', canonical { type: 'meta-key' | 'value-key', team,
 * environment, epoch, key }). `previousMeta`/`previousValue`: the epoch before, AEAD under the new meta/value key,
 * context { type: 'meta-key-chain' | 'value-key-chain', team, environment, epoch } (null at epoch 0).
 */
export const compartmentEpochSchema = z.strictObject({
  environment: idSchema,
  epoch: seqSchema,
  metaCommitment: hashSchema,
  valueCommitment: hashSchema,
  wraps: z.array(compartmentWrapSchema).min(1).max(1000),
  previousMeta: blobSchema.nullable(),
  previousValue: blobSchema.nullable(),
})
export type CompartmentEpoch = z.infer<typeof compartmentEpochSchema>

/** What a member may do in one compartment, with the current epoch's keys for a level above what they had. */
export const accessSchema = z.strictObject({
  environment: idSchema,
  level: levelSchema,
  approve: z.boolean(),
  /** The current epoch's keys; null when level is none, or the member has these keys already. */
  wrap: compartmentWrapSchema.nullable(),
})
export type Access = z.infer<typeof accessSchema>

/** Where a compartment stood when its readers changed (P5): nothing older in epoch lands after it. `head` null: empty. */
export const cutSchema = z.strictObject({ environment: idSchema, head: headSchema.nullable() })
export type Cut = z.infer<typeof cutSchema>

/** Names inside sealed bodies. */
export const memberNamesSchema = z.strictObject({
  name: nameSchema,
  device: nameSchema,
  /** One label a credential, in the same order. */
  credentials: z.array(nameSchema).max(20),
})
