// Test-only: everything a state says, whatever it was restored from.
import { type CborValue, encodeCanonical } from '@countersign/schema/canonical'
import { serializeProjection } from '../src/checkpoint.ts'
import type { LedgerState } from '../src/state.ts'

/** The same bytes for the same state, every request included. */
export const wholeState = (state: LedgerState): Uint8Array => {
  const { team, members, devices, credentials, vaults, environments } = state.names
  return encodeCanonical({
    projection: serializeProjection(state.projection),
    plain: state.plain === state.projection ? null : serializeProjection(state.plain),
    hashes: state.hashes.toBytes(),
    ids: state.ids.table().bytes,
    names: [team, ...[members, devices, credentials, vaults, environments].map((each) => [...each])],
    policies: [...state.policies],
    requests: [...state.requests.values()],
    open: [...state.open].sort(),
    grants: [...state.grants].sort(),
  } as CborValue)
}
