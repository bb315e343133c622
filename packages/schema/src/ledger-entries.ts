import { z } from 'zod'
import { blobSchema, hashSchema, nameSchema, noteSchema, seqSchema, timeSchema } from './bytes.ts'
import { headSchema } from './entry.ts'
import { idSchema } from './ids.ts'
import { slugSchema } from './item.ts'
import {
  accessSchema,
  assertionSchema,
  auditKeyEpochSchema,
  compartmentEpochSchema,
  credentialSchema,
  cutSchema,
  deviceSchema,
  memberKeysSchema,
  memberNamesSchema,
  teamKeyEpochSchema,
  wrapSchema,
} from './membership.ts'
import { policySchema, roleSchema } from './policy.ts'
import { requestBodySchema, termsSchema } from './request.ts'

/** One item version's key sealed to one device: sealTo(device kemKey, { type: 'release', team, environment, item, version, request, device }). */
export const releaseSchema = z.strictObject({
  request: idSchema,
  item: idSchema,
  version: z.number().int().min(1),
  device: idSchema,
  blob: blobSchema,
})
export type Release = z.infer<typeof releaseSchema>

/** The approved change request this entry carries out (P3); null before bootstrap is closed and for what one admin may do alone. */
const authority = idSchema.nullable()

/** `plain` and `body` of every ledger entry type. `body` is sealed under the team key, context { type: 'entry-body', team, stream, id, epoch }. */
export const ledgerEntrySchemas = {
  'team.create': {
    plain: z.strictObject({
      nonce: hashSchema,
      member: memberKeysSchema,
      device: deviceSchema,
      credentials: z.array(credentialSchema).min(1).max(20),
      teamKey: teamKeyEpochSchema,
      auditKey: auditKeyEpochSchema,
      teamKeyEpoch: seqSchema,
    }),
    body: z.strictObject({ team: nameSchema, ...memberNamesSchema.shape }),
  },
  'bootstrap.close': { plain: z.strictObject({ teamKeyEpoch: seqSchema }), body: z.strictObject({}) },
  'vault.create': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, vault: idSchema }),
    body: z.strictObject({ name: slugSchema }),
  },
  'environment.create': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, vault: idSchema, epoch: compartmentEpochSchema }),
    body: z.strictObject({ name: slugSchema, policy: policySchema }),
  },
  'member.add': {
    plain: z.strictObject({
      teamKeyEpoch: seqSchema,
      authority,
      member: memberKeysSchema,
      device: deviceSchema,
      credentials: z.array(credentialSchema).min(1).max(20),
      /** The current team key, sealed to the new member. */
      teamKey: wrapSchema,
      /** The current audit seed, for an auditor; null otherwise. */
      auditKey: wrapSchema.nullable(),
      access: z.array(accessSchema).max(200),
      /** Hash of the invite transcript both sides confirmed (P12). */
      transcript: hashSchema,
    }),
    body: memberNamesSchema,
  },
  'member.access': {
    plain: z.strictObject({
      teamKeyEpoch: seqSchema,
      authority,
      member: idSchema,
      access: z.array(accessSchema).min(1).max(200),
      /** New epochs where somebody loses a key they had. */
      epochs: z.array(compartmentEpochSchema).max(200),
      cuts: z.array(cutSchema).max(200),
    }),
    body: z.strictObject({}),
  },
  'member.roles': {
    plain: z.strictObject({
      teamKeyEpoch: seqSchema,
      authority,
      member: idSchema,
      roles: z.array(roleSchema).max(3),
      /** The current audit seed for a new auditor; null otherwise. */
      auditWrap: wrapSchema.nullable(),
      /** A new audit key where an auditor leaves. */
      auditKey: auditKeyEpochSchema.nullable(),
    }),
    body: z.strictObject({}),
  },
  /** One entry, effective at once (P4, P5): new team key, new epochs where the remover holds; the rest become `rekey_due`. */
  'member.remove': {
    plain: z.strictObject({
      teamKeyEpoch: seqSchema,
      member: idSchema,
      teamKey: teamKeyEpochSchema,
      auditKey: auditKeyEpochSchema.nullable(),
      epochs: z.array(compartmentEpochSchema).max(200),
      cuts: z.array(cutSchema).max(200),
    }),
    body: z.strictObject({ reason: noteSchema }),
  },
  'epoch.start': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, epoch: compartmentEpochSchema, cut: cutSchema }),
    body: z.strictObject({}),
  },
  'device.add': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, device: deviceSchema }),
    body: z.strictObject({ name: nameSchema }),
  },
  'device.remove': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, device: idSchema }),
    body: z.strictObject({}),
  },
  'credential.add': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, authority, credential: credentialSchema }),
    body: z.strictObject({ label: nameSchema }),
  },
  'credential.retire': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, credentialId: credentialSchema.shape.credentialId }),
    body: z.strictObject({ reason: noteSchema }),
  },
  'policy.set': {
    plain: z.strictObject({
      teamKeyEpoch: seqSchema,
      authority,
      environment: idSchema,
      version: z.number().int().min(1),
    }),
    body: policySchema,
  },
  'request.create': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, request: idSchema }),
    body: requestBodySchema,
  },
  'request.cancel': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, request: idSchema }),
    body: z.strictObject({ reason: noteSchema }),
  },
  /**
   * `assertion` covers challenge('approve', approvalStatement): see `approval-statement.ts`. `head` is an ancestor
   * ledger head, never `prev`, so that a stale append is re-signed without another touch (P15).
   */
  'approval.give': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, request: idSchema }),
    body: z.strictObject({
      requestHash: hashSchema,
      /** Narrowed terms, or the request's own; null for a change request. */
      terms: termsSchema.nullable(),
      policyVersion: seqSchema,
      nonce: hashSchema,
      expiresAt: timeSchema,
      head: headSchema,
      assertion: assertionSchema,
    }),
  },
  'approval.deny': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, request: idSchema }),
    body: z.strictObject({ reason: noteSchema }),
  },
  'approval.withdraw': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, request: idSchema }),
    body: z.strictObject({}),
  },
  /** By a holder, after the quorum (P2). The grant's id is the request's. */
  'grant.issue': {
    plain: z.strictObject({
      teamKeyEpoch: seqSchema,
      request: idSchema,
      releases: z.array(releaseSchema).min(1).max(100),
    }),
    body: z.strictObject({ terms: termsSchema, expiresAt: timeSchema }),
  },
  /** New item versions' keys for live grants, in the same batch as the item entries (P2). */
  'grant.release': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, releases: z.array(releaseSchema).min(1).max(1000) }),
    body: z.strictObject({}),
  },
  'grant.revoke': {
    plain: z.strictObject({ teamKeyEpoch: seqSchema, request: idSchema }),
    body: z.strictObject({ reason: noteSchema }),
  },
} as const

export type LedgerEntryType = keyof typeof ledgerEntrySchemas
export type LedgerPlain<T extends LedgerEntryType> = z.infer<(typeof ledgerEntrySchemas)[T]['plain']>
export type LedgerBody<T extends LedgerEntryType> = z.infer<(typeof ledgerEntrySchemas)[T]['body']>

/** A ledger entry's content after its body was opened: a union over all types. */
export type LedgerContent = {
  [T in LedgerEntryType]: { type: T; plain: LedgerPlain<T>; body: LedgerBody<T> }
}[LedgerEntryType]

export const isLedgerEntryType = (type: string): type is LedgerEntryType =>
  Object.hasOwn(ledgerEntrySchemas, type)
