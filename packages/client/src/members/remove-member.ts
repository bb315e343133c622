import { activeMember, isAdmin, membersWith } from '@countersign/ledger/projection-lookup'
import { newId } from '@countersign/schema/ids'
import { type Outcome, ok, refuse } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { ledgerDraft } from '../team/author.ts'
import { notAdmin } from '../vaults/vault-actions.ts'
import { memberRemove } from './member-entries.ts'

/**
 * Removes a member in one entry, effective at once (P4, P5). Any admin may, alone: it fails closed. What only holders can do (new
 * epochs where the remover does not hold) becomes due and is done by the first holder's app.
 */
export const removeMember = async (
  session: UnlockedSession,
  member: string,
  reason: string,
): Promise<Outcome<null>> => {
  const id = newId()
  const result = await session.append((author, headOf) => {
    const { projection } = author
    if (!isAdmin(projection, author.member)) return notAdmin()
    if (member === author.member) {
      return refuse('member.remove_self', 'Nobody removes themselves.', 'Ask another admin.')
    }
    const subject = activeMember(projection, member)
    if (subject === undefined) return []
    if (subject.roles.includes('admin') && membersWith(projection, 'admin').length === 1) {
      return refuse('roles.last_admin', 'This is the last admin.', 'Make somebody else an admin first.')
    }
    return [ledgerDraft(author, 'member.remove', memberRemove(author, member, headOf), { reason }, id)]
  })
  return result.ok ? ok(null) : result
}
