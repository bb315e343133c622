import { addKey, retireKey } from '@countersign/client/keys/key-actions'
import { removeDevice } from '@countersign/client/members/remove-device'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import type { MemberView } from '../../shared/views.ts'
import { unlocked } from '../core-state.ts'
import { entryTimes } from '../entry-times.ts'
import type { Handlers } from '../handler.ts'
import { memberViews } from '../views/member-views.ts'
import { statusView } from '../views/status-view.ts'

const RESTART_MS = 100

const memberAfter = async (session: UnlockedSession, member: string): Promise<Outcome<MemberView>> => {
  const view = memberViews(session, await entryTimes(session)).find((each) => each.member === member)
  return view === undefined
    ? refuse('member.unknown', 'There is no such member.', 'Reload the list.')
    : ok(view)
}

export const settingsHandlers: Handlers<
  'settings.get' | 'settings.set' | 'keys.add' | 'keys.retire' | 'device.remove' | 'installation.startOver'
> = {
  'settings.get': (core) => ok(core.installation.settings),

  'settings.set': async (core, settings) => {
    const before = core.installation.settings
    const changed = (['idleLockMs', 'clipboardClearMs'] as const).filter(
      (name) => settings[name] !== before[name],
    )
    if (changed.length > 0) {
      // How long keys and values stay where they can be had: whoever finds a locked computer does not set that for its owner.
      const session = unlocked(core)
      if (!session.ok) return session
      const detail = changed.map((name) => `${name} ${before[name]} → ${settings[name]}`).join(', ')
      await core.audit('settings.changed', 'ok', detail)
    }
    core.save({ settings })
    core.host.idleLock(settings.idleLockMs)
    core.announce('settings')
    return ok(settings)
  },

  'installation.startOver': async (core) => {
    if (statusView(core).phase !== 'removed') {
      return refuse(
        'member.active',
        'This installation is in use: you are in its team.',
        'Only after you were removed do you begin anew here.',
      )
    }
    await core.setAside()
    // After the answer: whoever started this process starts it again, on an empty installation.
    setTimeout(() => process.exit(0), RESTART_MS)
    return ok({})
  },

  'keys.add': async (core, { label, recoveryCode }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const { membership } = core.installation
    if (membership === null) return refuse('team.none', 'This installation is in no team.', 'Join one first.')
    const added = await addKey(session.value, core.authenticator, membership, label, recoveryCode)
    if (!added.ok) return added
    core.addWayIn(added.value)
    void core.uploads?.run()
    return memberAfter(session.value, session.value.member)
  },

  'device.remove': async (core, { device }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    if (device === core.installation.device) {
      return refuse(
        'device.self',
        'This is the computer you are at.',
        'Remove it from another of your computers, or ask an admin.',
      )
    }
    const removed = await removeDevice(session.value, device)
    return removed.ok ? ok({}) : removed
  },

  'keys.retire': async (core, { member, label, reason }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const retired = await retireKey(session.value, member, label, reason)
    if (!retired.ok) return retired
    core.dropRetiredWays()
    return memberAfter(session.value, member)
  },
}
