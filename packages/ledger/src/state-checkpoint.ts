import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import { z } from 'zod'
import { idList, pairs, projectionFrom, projectionSchema, projectionToPlain } from './checkpoint.ts'
import { HashLog } from './hash-log.ts'
import { IdSet } from './id-set.ts'
import { IdTable } from './id-table.ts'
import { RequestBook, type Shelf } from './request-book.ts'
import { restoring } from './restoring.ts'
import { type LedgerState, policyRecordSchema } from './state.ts'

/** What a checkpoint of the state consists of. Nobody may have changed any of it, or the state is not the ledger's (L73). */
export interface PackedState {
  /** What every unlock needs. */
  readonly state: Uint8Array
  /** Ids and hashes, as they stand in clear in the ledger: nothing here is secret. It grows with every entry. */
  readonly index: Uint8Array
  /** The closed requests, which are not read before somebody asks for one. */
  readonly closed: readonly Shelf[]
}

const bytes = z.instanceof(Uint8Array)
const names = pairs(z.string())

const stateSchema = z.strictObject({
  v: z.literal(2),
  projection: projectionSchema,
  /** Null where it is the same. */
  plain: projectionSchema.nullable(),
  names: z.strictObject({
    team: z.string(),
    members: names,
    devices: names,
    credentials: names,
    vaults: names,
    environments: names,
  }),
  policies: pairs(policyRecordSchema),
  /** Requests that are not closed, each as bytes of its own. */
  live: z.array(bytes),
  open: idList,
  grants: idList,
})

const indexSchema = z.strictObject({
  hashes: bytes,
  /** Of entries. */
  ids: bytes,
  /** See `PackedRequests`. */
  requests: z.strictObject({ ids: bytes, places: bytes }),
})

/** Canonical bytes of the state, for a checkpoint whose parts the caller seals (L73). */
export const packState = (state: LedgerState): PackedState => {
  const { team, members, devices, credentials, vaults, environments } = state.names
  // Open, or with a grant that is not revoked: a later entry may still change it.
  const { shelves, live, ids, places } = state.requests.pack(
    (id) => state.open.has(id) || state.grants.has(id),
  )
  const packed = encodeCanonical({
    v: 2,
    projection: projectionToPlain(state.projection),
    plain: state.plain === state.projection ? null : projectionToPlain(state.plain),
    names: {
      team,
      members: [...members],
      devices: [...devices],
      credentials: [...credentials],
      vaults: [...vaults],
      environments: [...environments],
    },
    policies: [...state.policies],
    live: [...live],
    open: [...state.open],
    grants: [...state.grants],
  } as CborValue)
  const index = encodeCanonical({
    hashes: state.hashes.toBytes(),
    ids: state.ids.table().bytes,
    requests: { ids, places },
  })
  return { state: packed, index, closed: shelves }
}

/**
 * The state that `packState` packed; throws LedgerError `checkpoint.damaged` on anything else. Requests are read, and refused with the
 * same error, when they are asked for: the caller has made sure that they are the ones that were packed.
 */
export const unpackState = ({ state, index, closed }: PackedState): LedgerState =>
  restoring(() => {
    const plain = stateSchema.parse(decodeCanonical(state))
    const { hashes, ids, requests } = indexSchema.parse(decodeCanonical(index))
    const { team, members, devices, credentials, vaults, environments } = plain.names
    const projection = projectionFrom(plain.projection)
    return {
      projection,
      plain: plain.plain === null ? projection : projectionFrom(plain.plain),
      hashes: HashLog.fromBytes(hashes),
      ids: new IdSet(new IdTable(ids)),
      names: {
        team,
        members: new Map(members),
        devices: new Map(devices),
        credentials: new Map(credentials),
        vaults: new Map(vaults),
        environments: new Map(environments),
      },
      policies: new Map(plain.policies),
      requests: new RequestBook({ ...requests, live: plain.live, shelves: closed }),
      open: new Set(plain.open),
      grants: new Set(plain.grants),
    }
  })
