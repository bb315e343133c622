import { auditSource, evidenceSource } from '@countersign/client/export/export-source'
import { ok, refuse } from '@countersign/client/refusal'
import { type Core, unlocked } from '../core-state.ts'
import { ExportJob, type ExportPlan } from '../export-job.ts'
import type { Handlers } from '../handler.ts'
import { statusView } from '../views/status-view.ts'

const busy = () => refuse('export.busy', 'An export is being written already.', 'Wait for it or cancel it.')

/** `2026-11-25 10.04.59`: sorts, and every file system takes it. */
const stamp = (time: number): string =>
  new Date(time).toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.')

const start = (core: Core, plan: Pick<ExportPlan, 'kind' | 'source' | 'begin'>, now: number) => {
  const job = new ExportJob({
    ...plan,
    createdAt: now,
    choosePath: () => core.host.saveAs(`countersign ${plan.kind} ${stamp(now)}.csaudit`),
    onChange: () => core.announce('export'),
  })
  core.exporting = job
  return ok(job.view)
}

type Names = 'export.audit' | 'export.evidence' | 'export.state' | 'export.cancel' | 'alarm.dismiss'

export const exportHandlers: Handlers<Names> = {
  'export.audit': (core, { records }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    if (core.exporting?.busy === true) return busy()
    const begin = () => core.audit('audit.opened', 'ok', records ? 'export, records opened' : 'export')
    const source = () => auditSource(session.value, records ? 'records' : 'approvals')
    return start(core, { kind: 'audit', source, begin }, session.value.now())
  },

  'export.evidence': (core) => {
    const { device } = core
    if (device === null || (device.replica.status().alarm === null && core.setAsideAt === null)) {
      return refuse('alarm.none', 'There is no alarm.', 'Nothing needs to be kept.')
    }
    if (core.exporting?.busy === true) return busy()
    return start(core, { kind: 'evidence', source: () => evidenceSource(device) }, device.replica.now())
  },

  'export.state': (core) => ok({ export: core.exporting?.view ?? null }),

  'export.cancel': async (core) => {
    await core.exporting?.cancel()
    return ok({ export: core.exporting?.view ?? null })
  },

  'alarm.dismiss': async (core) => {
    const { device } = core
    const alarm = device?.replica.status().alarm ?? null
    if (device === null || alarm === null) return ok(statusView(core))
    // Whoever does it, also at a locked computer, does it on record; and what the alarm proves stays.
    await core.audit('alarm.dismissed', alarm.code, `entry ${alarm.seq} of ${alarm.stream}`)
    await device.replica.dismissAlarm()
    await core.noteSetAside()
    return ok(statusView(core))
  },
}
