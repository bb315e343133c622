import type { Api } from './api.ts'
import type { Bound } from './authenticate.ts'
import { plainRecord } from './plain-record.ts'

/** Counts the use of a token and audits that names were given out; false: not durable, so nothing may be answered (P18). */
export const recordListing = async (api: Api, bound: Bound, outcome: string): Promise<boolean> => {
  const { session, snapshot, entry } = bound
  const record = plainRecord(api.now(), 'credential.listed', outcome)
  record.binding = snapshot.id
  record.environment = snapshot.terms.environment
  record.application = snapshot.application
  try {
    await Promise.all([session.book.use(entry, false), api.gate.append(record)])
    return true
  } catch {
    return false
  }
}
