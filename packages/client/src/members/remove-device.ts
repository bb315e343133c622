import { newId } from '@countersign/schema/ids'
import { type Outcome, ok } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { ledgerDraft } from '../team/author.ts'

/** Ends an installation: it is cut off, and the requests and grants of its programs end with it (L34). */
export const removeDevice = async (session: UnlockedSession, device: string): Promise<Outcome<null>> => {
  const id = newId()
  const result = await session.append((author) => {
    const record = author.projection.devices.get(device)
    if (record !== undefined && record.removedAt !== null) return []
    return [ledgerDraft(author, 'device.remove', { device }, {}, id)]
  })
  return result.ok ? ok(null) : result
}
