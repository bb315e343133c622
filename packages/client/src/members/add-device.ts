import { newId } from '@countersign/schema/ids'
import { type Outcome, ok } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { ledgerDraft } from '../team/author.ts'
import { certifyDevice } from './new-member.ts'

/** Puts this installation into the ledger, by the member's key alone (P11). Nothing to do where it stands there. */
export const addThisDevice = async (session: UnlockedSession, name: string): Promise<Outcome<null>> => {
  const { device, signKey } = session.device
  const id = newId()
  const result = await session.append((author) => {
    if (author.projection.devices.has(device)) return []
    const record = certifyDevice(author.team, author.member, author.sign, {
      device,
      signKey,
      kemKey: session.deviceKem.publicKey,
    })
    return [ledgerDraft(author, 'device.add', { device: record }, { name }, id)]
  })
  return result.ok ? ok(null) : result
}
