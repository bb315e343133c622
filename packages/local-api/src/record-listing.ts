import type { Api } from './api.ts'
import { type Bound, denied } from './authenticate.ts'
import { plainRecord } from './plain-record.ts'
import type { Refusal } from './source.ts'

/** Marks the use of a token and audits that names are given out; a refusal: it works no more, or this is not durable (P18). */
export const recordListing = async (api: Api, bound: Bound, outcome: string): Promise<Refusal | null> => {
  const { session, snapshot, entry, token } = bound
  const use = session.book.use(entry, token, 0, null)
  if (!use.ok) return denied(api, snapshot, use.code)
  const record = plainRecord(api.now(), 'credential.listed', outcome)
  record.binding = snapshot.id
  record.environment = snapshot.terms.environment
  record.application = snapshot.application
  try {
    await Promise.all([use.written, api.gate.append(record)])
    return null
  } catch {
    return { ok: false, code: 'audit.failed' }
  }
}
