import { ClientError } from '@countersign/client/client-error'
import { unlockWithKey, unlockWithRecoveryCode } from '@countersign/client/keys/ways-in'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import type { WrappedRoot } from '@countersign/crypto/root-wrap'
import type { StatusView } from '../../shared/views.ts'
import type { Core } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { openSession } from '../open-session.ts'
import { statusView } from '../views/status-view.ts'

/** Before anything is served: a disk that takes no record takes no unlock. */
export const recordUnlock = (core: Core, way: string): Promise<Outcome<null>> =>
  core.audit('vault.unlocked', 'ok', way).then(
    () => ok(null),
    (error: unknown) => {
      if (error instanceof ClientError) return refuse(error.code, error.message, error.fix)
      throw error
    },
  )

/** Opens the session with a root that was unlocked, and puts either on record. */
const finish = async (
  core: Core,
  opened: Outcome<WrappedRoot>,
  way: string,
): Promise<Outcome<StatusView>> => {
  if (!opened.ok) {
    await core.audit('unlock.failed', opened.code, way)
    return opened
  }
  const session = await openSession(core, opened.value.root, () => recordUnlock(core, way))
  return session.ok ? ok(statusView(core)) : session
}

export const unlockHandlers: Handlers<'status.get' | 'vault.unlock' | 'vault.unlockWithRecoveryCode'> = {
  'status.get': (core) => ok(statusView(core)),

  'vault.unlock': async (core) => {
    const { membership, device } = core.installation
    if (core.session !== null) return ok(statusView(core))
    if (membership === null) return noTeam()
    return finish(core, await unlockWithKey(membership, device, core.authenticator), 'security key')
  },

  'vault.unlockWithRecoveryCode': async (core, { text }) => {
    const { membership } = core.installation
    if (core.session !== null) return ok(statusView(core))
    if (membership === null) return noTeam()
    return finish(core, unlockWithRecoveryCode(membership, text), 'recovery code')
  },
}

const noTeam = () =>
  refuse('team.none', 'This installation is in no team yet.', 'Create a team or join one with an invite.')
