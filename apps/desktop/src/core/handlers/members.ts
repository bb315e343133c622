import { removeMember } from '@countersign/client/members/remove-member'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import { type Changed, changeTeam } from '@countersign/client/requests/change-actions'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { policyWarnings } from '@countersign/ledger/satisfiable'
import type { Policy } from '@countersign/schema/policy'
import type { PolicyWarning } from '../../shared/views.ts'
import { type Core, unlocked } from '../core-state.ts'
import { entryTimes } from '../entry-times.ts'
import type { Handlers } from '../handler.ts'
import { memberViews } from '../views/member-views.ts'
import { warningView } from '../views/warning-view.ts'
import { worklist } from '../worklist.ts'

const noInvites = () => refuse('vault.locked', 'Countersign is locked.', 'Unlock it with your security key.')

const change = async (
  core: Core,
  make: (session: UnlockedSession) => Promise<Outcome<Changed>>,
): Promise<Outcome<Changed>> => {
  const session = unlocked(core)
  return session.ok ? make(session.value) : session
}

const warningsOf = (session: UnlockedSession, environment: string, policy: Policy): PolicyWarning[] =>
  policyWarnings(session.ledger, environment, policy).map((each) => warningView(session.ledger, each))

export const memberHandlers: Handlers<
  | 'members.list'
  | 'member.remove'
  | 'member.access'
  | 'member.roles'
  | 'invites.list'
  | 'invite.create'
  | 'invite.confirm'
  | 'invite.cancel'
  | 'worklist.list'
  | 'policy.check'
  | 'policy.set'
> = {
  'members.list': async (core) => {
    const session = unlocked(core)
    if (!session.ok) return session
    return ok(memberViews(session.value, await entryTimes(session.value)))
  },

  'member.remove': async (core, { member, reason }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const removed = await removeMember(session.value, member, reason)
    if (!removed.ok) return removed
    const rows = (await worklist(session.value)).filter((row) => row.member.member === member)
    return ok({ worklist: rows })
  },

  'member.access': (core, { member, access }) =>
    change(core, (session) => changeTeam(session, { type: 'member.access', member, access })),

  'member.roles': (core, { member, roles }) =>
    change(core, (session) => changeTeam(session, { type: 'member.roles', member, roles })),

  'invites.list': (core) => (core.invites === null ? noInvites() : ok(core.invites.list())),

  'invite.create': (core, request) => core.invites?.create(request) ?? noInvites(),

  'invite.confirm': (core, { invite, same }) => core.invites?.confirm(invite, same) ?? noInvites(),

  'invite.cancel': (core, { invite }) => core.invites?.cancel(invite) ?? noInvites(),

  'worklist.list': async (core) => {
    const session = unlocked(core)
    return session.ok ? ok(await worklist(session.value)) : session
  },

  'policy.check': (core, { environment, policy }) => {
    const session = unlocked(core)
    return session.ok ? ok(warningsOf(session.value, environment, policy)) : session
  },

  'policy.set': (core, { environment, policy }) =>
    change(core, async (session) => {
      const blocking = warningsOf(session, environment, policy).find((warning) => warning.blocking)
      if (blocking !== undefined) {
        return refuse(blocking.code, blocking.message, 'Change the policy, or who may approve or hold.')
      }
      const current = session.ledger.policies.get(environment)
      if (current === undefined) {
        return refuse('environment.unknown', 'There is no such environment.', 'Reload the list.')
      }
      return changeTeam(session, { type: 'policy.set', environment, version: current.version + 1, policy })
    }),
}
