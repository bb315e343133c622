import { equalBytes } from '@countersign/crypto/hash'
import { credentialsOf } from '@countersign/ledger/projection-lookup'
import { toHex } from '@countersign/schema/hex'
import { LEDGER, newId } from '@countersign/schema/ids'
import type { Authenticator } from '../authenticator/authenticator.ts'
import { type Outcome, ok, refuse } from '../refusal.ts'
import { changeTeam } from '../requests/change-actions.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { ledgerDraft } from '../team/author.ts'
import { enrolKey } from './enrolment.ts'
import type { Membership, WayIn } from './installation.ts'
import { unlockWithKey, unlockWithRecoveryCode, wayInOfKey } from './ways-in.ts'

/**
 * Adds a security key: one touch of a known key, or the recovery code where none is at hand (the root is not kept after unlock, so it is
 * unwrapped again), then the new key is made and proved. For somebody who may approve or hold it needs a quorum after bootstrap (P3).
 */
export const addKey = async (
  session: UnlockedSession,
  authenticator: Authenticator,
  membership: Membership,
  label: string,
  recoveryCode: string | null,
): Promise<Outcome<WayIn>> => {
  const known = credentialsOf(session.ledger.projection, session.member)
  const labels = known.map(({ credentialId }) => session.ledger.names.credentials.get(toHex(credentialId)))
  if (labels.includes(label)) {
    return refuse('setup.label_taken', `A key is called “${label}” already.`, 'Give each key its own name.')
  }
  const unlocked =
    recoveryCode === null
      ? await unlockWithKey(membership, session.device.device, authenticator)
      : unlockWithRecoveryCode(membership, recoveryCode)
  if (!unlocked.ok) return unlocked
  const { root } = unlocked.value
  try {
    const place = { team: session.team, member: session.member }
    const exclude = known.map(({ credentialId }) => credentialId)
    const enrolled = await enrolKey(authenticator, place, label, exclude)
    if (!enrolled.ok) return enrolled
    const changed = await changeTeam(session, {
      type: 'credential.add',
      credential: enrolled.value.record,
      label,
    })
    if (!changed.ok) return changed
    const head = session.device.replica.head(LEDGER)
    if (head === null) return refuse('sync.incomplete', 'The ledger is not here yet.', 'Wait for the sync.')
    const way = wayInOfKey({ ...place, root, genesisHash: membership.genesisHash, head }, enrolled.value)
    enrolled.value.kek.wipe()
    return ok(way)
  } finally {
    root.wipe()
  }
}

/** Retires a key that is in hand or destroyed (P8): it approves nothing any more. A member keeps at least one. */
export const retireKey = async (
  session: UnlockedSession,
  member: string,
  label: string,
  reason: string,
): Promise<Outcome<{ credentialId: Uint8Array }>> => {
  const key = credentialsOf(session.ledger.projection, member).find(
    ({ credentialId }) => session.ledger.names.credentials.get(toHex(credentialId)) === label,
  )
  if (key === undefined) return refuse('key.unknown', 'There is no such security key.', 'Reload the list.')
  const { credentialId } = key
  const id = newId()
  const result = await session.append((author) => {
    const left = credentialsOf(author.projection, member)
    if (!left.some((each) => equalBytes(each.credentialId, credentialId))) return []
    if (left.length === 1) {
      return refuse('credential.last', 'This is the last security key.', 'Add another one first.')
    }
    return [ledgerDraft(author, 'credential.retire', { credentialId }, { reason }, id)]
  })
  return result.ok ? ok({ credentialId }) : result
}
