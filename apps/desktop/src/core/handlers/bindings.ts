import { ok, refuse } from '@countersign/client/refusal'
import { revokeGrant } from '@countersign/client/requests/request-actions'
import { unlocked } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { bindingView, bindingViews } from '../views/binding-views.ts'

export const bindingHandlers: Handlers<'bindings.list' | 'binding.revoke'> = {
  'bindings.list': (core, { limit, text }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    return ok(bindingViews(session.value, (binding) => core.readsOf(binding), { limit, text }))
  },

  'binding.revoke': async (core, { binding, reason }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const revoked = await revokeGrant(session.value, binding, reason)
    if (!revoked.ok) return revoked
    const view = bindingView(session.value, binding, (id) => core.readsOf(id))
    return view === null
      ? refuse('binding.unknown', 'There is no such binding.', 'Reload the list.')
      : ok(view)
  },
}
