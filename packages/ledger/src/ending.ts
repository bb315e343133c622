import type { Envelope } from '@countersign/schema/entry'
import type { Ending, LedgerState, RequestRecord } from './state.ts'

const endingBy = (envelope: Envelope, cause: Ending['cause'], reason: string): Ending => {
  const { member, device, seq, time } = envelope
  return { member, device, seq, time, cause, reason }
}

/** Ends an open request. */
export const endRequest = (
  state: LedgerState,
  record: RequestRecord,
  envelope: Envelope,
  cause: Ending['cause'],
  reason = '',
): void => {
  record.state = cause === 'denied' ? 'denied' : 'cancelled'
  record.ended = endingBy(envelope, cause, reason)
  state.open.delete(record.request)
}

/** Revokes an issued grant; what follows in the ledger finds it revoked, whatever it cites (L64). */
export const revokeGrant = (
  state: LedgerState,
  record: RequestRecord,
  envelope: Envelope,
  cause: Ending['cause'],
  reason = '',
): void => {
  if (record.grant !== null) record.grant.revoked = endingBy(envelope, cause, reason)
  state.grants.delete(record.request)
}

/** L34: cancels every open request and revokes every grant that `applies`, as a consequence of another entry. */
export const endWhere = (
  state: LedgerState,
  envelope: Envelope,
  cause: Ending['cause'],
  applies: (record: RequestRecord) => boolean,
): void => {
  for (const id of [...state.open]) {
    const record = state.requests.get(id)
    if (record !== undefined && applies(record)) endRequest(state, record, envelope, cause)
  }
  for (const id of [...state.grants]) {
    const record = state.requests.get(id)
    if (record !== undefined && applies(record)) revokeGrant(state, record, envelope, cause)
  }
}
