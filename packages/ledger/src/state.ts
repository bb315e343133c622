import { seqSchema, timeSchema } from '@countersign/schema/bytes'
import { type EnvironmentId, idSchema, type RequestId, type VaultId } from '@countersign/schema/ids'
import { policySchema } from '@countersign/schema/policy'
import { z } from 'zod'
import { HashLog } from './hash-log.ts'
import { IdSet } from './id-set.ts'
import { emptyProjection, type Projection } from './projection-record.ts'
import { RequestBook } from './request-book.ts'

export type { ApprovalRecord, Ending, GrantRecord, RequestRecord } from './request-record.ts'

export const policyRecordSchema = z.strictObject({
  version: seqSchema,
  policy: policySchema,
  setBy: idSchema,
  setAt: seqSchema,
  time: timeSchema,
})
export type PolicyRecord = z.infer<typeof policyRecordSchema>

export interface Names {
  team: string
  members: Map<string, string>
  devices: Map<string, string>
  /** By credential id in hexadecimal. */
  credentials: Map<string, string>
  vaults: Map<VaultId, string>
  environments: Map<EnvironmentId, string>
}

/** Everything the ledger decides. Owned and updated in place by the one caller that replays it; nobody else writes to it. */
export interface LedgerState {
  /** What the ledger's clear parts say, as far as they were accepted. */
  projection: Projection
  /** What they say to whoever sees no quorum: the same object until the two differ (L8). */
  plain: Projection
  hashes: HashLog
  /** Of every entry (L5). */
  ids: IdSet
  names: Names
  policies: Map<EnvironmentId, PolicyRecord>
  requests: RequestBook
  /** Requests in state `open`, expired ones included: an expiry is a matter of who asks when (P16). */
  open: Set<RequestId>
  /** Grants that are not revoked, expired ones included. */
  grants: Set<RequestId>
}

const emptyProjections = (): Pick<LedgerState, 'projection' | 'plain'> => {
  const projection = emptyProjection()
  return { projection, plain: projection }
}

export const emptyState = (): LedgerState => ({
  ...emptyProjections(),
  hashes: new HashLog(),
  ids: new IdSet(),
  names: {
    team: '',
    members: new Map(),
    devices: new Map(),
    credentials: new Map(),
    vaults: new Map(),
    environments: new Map(),
  },
  policies: new Map(),
  requests: new RequestBook(),
  open: new Set(),
  grants: new Set(),
})
