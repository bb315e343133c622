import {
  blobSchema,
  bytesSchema,
  hashSchema,
  kemKeySchema,
  seqSchema,
  signKeySchema,
} from '@countersign/schema/bytes'
import { type Head, headSchema } from '@countersign/schema/entry'
import type { DeviceId, EnvironmentId, MemberId, TeamId, VaultId } from '@countersign/schema/ids'
import { idSchema } from '@countersign/schema/ids'
import { levelSchema, roleSchema } from '@countersign/schema/policy'
import { z } from 'zod'

/** `addedAt`, `removedAt`, `…At`: seq of the ledger entry that did it. Active while `removedAt` is null. */
export const memberRecordSchema = z.strictObject({
  member: idSchema,
  signKey: signKeySchema,
  kemKey: kemKeySchema,
  roles: z.array(roleSchema),
  recovery: z.boolean(),
  addedAt: seqSchema,
  removedAt: seqSchema.nullable(),
  /** The entry that carries this member's wrap of the current team key. */
  teamKeyAt: seqSchema,
  /** The entry that carries this auditor's wrap of the current audit seed; null for everyone else. */
  auditKeyAt: seqSchema.nullable(),
})
export type MemberRecord = z.infer<typeof memberRecordSchema>

export const deviceKeysSchema = z.strictObject({
  device: idSchema,
  member: idSchema,
  signKey: signKeySchema,
  kemKey: kemKeySchema,
  addedAt: seqSchema,
  removedAt: seqSchema.nullable(),
})
export type DeviceKeys = z.infer<typeof deviceKeysSchema>

export const pinnedCredentialSchema = z.strictObject({
  credentialId: bytesSchema(1, 1023),
  member: idSchema,
  publicKey: bytesSchema(32, 1024),
  aaguid: bytesSchema(16),
  backupEligible: z.boolean(),
  backupState: z.boolean(),
  attestationFormat: z.string(),
  addedAt: seqSchema,
  retiredAt: seqSchema.nullable(),
})
export type PinnedCredential = z.infer<typeof pinnedCredentialSchema>

/** What a member may do in an environment from the ledger entry `from` on. */
export const accessStepSchema = z.strictObject({ from: seqSchema, level: levelSchema, approve: z.boolean() })
export type AccessStep = z.infer<typeof accessStepSchema>

/** One epoch of a compartment: what a recipient needs to check a key and to walk back to earlier ones. */
export const epochRecordSchema = z.strictObject({
  epoch: seqSchema,
  startedAt: seqSchema,
  metaCommitment: hashSchema,
  valueCommitment: hashSchema,
  previousMeta: blobSchema.nullable(),
  previousValue: blobSchema.nullable(),
})
export type EpochRecord = z.infer<typeof epochRecordSchema>

/** After `head` (null: from the start) nothing under an epoch below `minEpoch` counts (L41). */
export const cutRecordSchema = z.strictObject({
  at: seqSchema,
  head: headSchema.nullable(),
  minEpoch: seqSchema,
})
export type CutRecord = z.infer<typeof cutRecordSchema>

export interface EnvironmentRecord {
  readonly environment: EnvironmentId
  readonly vault: VaultId
  /** By epoch number; the last one is current. */
  epochs: EpochRecord[]
  /** In ledger order. */
  cuts: CutRecord[]
  /** Somebody lost a key and nobody has made a new one yet: writes are refused until `epoch.start`. */
  rekeyDue: boolean
  access: Map<MemberId, AccessStep[]>
  /** Member → the entry that carries their wrap of the current epoch. */
  wrapsAt: Map<MemberId, number>
}

export const teamKeyRecordSchema = z.strictObject({
  epoch: seqSchema,
  startedAt: seqSchema,
  commitment: hashSchema,
  previous: blobSchema.nullable(),
})
export type TeamKeyRecord = z.infer<typeof teamKeyRecordSchema>

export const auditKeyRecordSchema = z.strictObject({
  epoch: seqSchema,
  startedAt: seqSchema,
  publicKey: kemKeySchema,
  previous: blobSchema.nullable(),
})
export type AuditKeyRecord = z.infer<typeof auditKeyRecordSchema>

/** Everything that stands in clear in the ledger. Updated in place by whoever replays it. */
export interface Projection {
  team: TeamId | null
  /** Hash of the team's first entry: what invites and recovery sheets pin. */
  genesis: Uint8Array | null
  head: Head | null
  bootstrapClosed: boolean
  members: Map<MemberId, MemberRecord>
  devices: Map<DeviceId, DeviceKeys>
  /** By credential id in hexadecimal. */
  credentials: Map<string, PinnedCredential>
  vaults: Set<VaultId>
  environments: Map<EnvironmentId, EnvironmentRecord>
  /** By epoch number; the last one is current. */
  teamKeys: TeamKeyRecord[]
  auditKeys: AuditKeyRecord[]
}

export const emptyProjection = (): Projection => ({
  team: null,
  genesis: null,
  head: null,
  bootstrapClosed: false,
  members: new Map(),
  devices: new Map(),
  credentials: new Map(),
  vaults: new Set(),
  environments: new Map(),
  teamKeys: [],
  auditKeys: [],
})
