import type { LockedSource, SourceHealth } from '@countersign/local-api/source'
import type { Core } from './core-state.ts'
import { statusView } from './views/status-view.ts'

/** For `/health`: never a name or a value. */
export const sourceHealth = (core: Core): SourceHealth => {
  const status = statusView(core)
  return {
    phase: status.phase,
    tryOut: status.tryOut,
    connection: status.server?.connection ?? 'offline',
    lastServerContact: status.server?.lastContact ?? null,
    lastWitness: status.witness.time,
    servesUntil: status.servesUntil,
    pendingChanges: status.pendingChanges,
  }
}

/** The local API over a core without keys (P13): denials are audited as soon as there is a team to audit for. */
export const lockedSource = (core: Core): LockedSource => ({
  state: 'locked',
  health: () => sourceHealth(core),
  audit: async (records) => {
    await core.device?.audit(records)
  },
  alert: (alert) => core.raise(alert.code, alert.message),
})
