import { ok, refuse } from '@countersign/client/refusal'
import {
  closeBootstrap,
  createEnvironment,
  createVault,
  rekeyEnvironment,
} from '@countersign/client/vaults/vault-actions'
import { unlocked } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { statusView } from '../views/status-view.ts'
import { vaultView, vaultViews } from '../views/vault-views.ts'

export const vaultHandlers: Handlers<
  'vaults.list' | 'vault.create' | 'environment.create' | 'environment.rekey' | 'bootstrap.close'
> = {
  'vaults.list': (core) => {
    const session = unlocked(core)
    return session.ok ? ok(vaultViews(session.value)) : session
  },

  'vault.create': async (core, { name, environments }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const made = await createVault(session.value, name, environments)
    return made.ok ? ok(vaultView(session.value, made.value.vault)) : made
  },

  'environment.create': async (core, { vault, name }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const taken = vaultView(session.value, vault).environments.some((each) => each.name === name)
    if (taken) return refuse('name.taken', `This vault has “${name}” already.`, 'Choose another name.')
    const made = await createEnvironment(session.value, vault, name)
    return made.ok ? ok(vaultView(session.value, vault)) : made
  },

  'environment.rekey': async (core, { environment }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const done = await rekeyEnvironment(session.value, environment, false)
    return done.ok ? ok({}) : done
  },

  'bootstrap.close': async (core) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const closed = await closeBootstrap(session.value)
    return closed.ok ? ok(statusView(core)) : closed
  },
}
