import { AuditTimeline } from '@countersign/client/audit/audit-timeline'
import type { AuditRecord } from '@countersign/schema/audit'
import { auditStream } from '@countersign/schema/ids'
import type { ServerMessage } from '@countersign/schema/wire'
import { type Attack, type Finding, succeeded } from '../attack.ts'
import type { Actor } from '../cast/actor.ts'
import { Company } from '../cast/company.ts'
import { alarmed } from '../cast/judgement.ts'
import { askedAgain } from '../cast/settle.ts'
import { until } from '../cast/until.ts'
import type { Stage } from '../stage.ts'
import { KEPT_BACK, UNCHAINED } from '../weakenings.ts'

const AREA = 'hostile server: beyond the papers'

const record = (detail: string): AuditRecord => ({
  time: Date.now(),
  action: 'credential.revealed',
  outcome: 'ok',
  count: 1,
  binding: null,
  environment: null,
  item: null,
  version: null,
  application: null,
  caller: null,
  detail,
})

/** What the auditor (Ada) reads of Dana's records, in the order in which it is shown, and whether anything is said to be missing. */
const readBy = async (ada: Actor): Promise<{ details: string[]; problems: number }> => {
  const timeline = AuditTimeline.of(ada.session)
  const events = await timeline.read()
  const details = events.flatMap((event) => (event.source === 'device' ? [event.record.detail] : []))
  return { details, problems: timeline.problems.length }
}

/** Dana starts her app as often as there are details and reveals something each time: so many segments. */
const revealed = async (company: Company, dana: Actor, details: readonly string[]): Promise<void> => {
  const { server } = company
  const stream = auditStream(dana.device)
  for (const detail of details) {
    const before = server.timeline.entries(stream).length
    await dana.session.device.audit([record(detail)])
    await dana.session.device.flushAudit()
    await until('the record is at the server', () => server.timeline.entries(stream).length > before)
    await dana.close()
    await dana.open()
  }
}

/** The stream as the auditor is shown it: `shown` picks entries of the true one. */
const showing = async (
  stage: Stage,
  shown: (segments: Uint8Array[][]) => Uint8Array[],
): Promise<{ finding: Finding | null; details: string[]; problems: number }> => {
  const company = await Company.found(stage)
  const { ada, server } = company
  const dana = await company.developer()
  const stream = auditStream(dana.device)
  // Nothing of the stream reaches the auditor until the attack is prepared.
  let ready = false
  const hidden = (message: ServerMessage): boolean => message.type === 'entries' && message.stream === stream
  server.tamper = (message, link) =>
    link.device === ada.device && !ready && (hidden(message) || message.type === 'seen') ? [] : [message]
  await revealed(company, dana, ['first', 'second', 'third'])
  const entries = server.timeline.entries(stream)
  const segments: Uint8Array[][] = []
  for (const [seq, entry] of entries.entries()) {
    if (server.timeline.envelope(stream, seq).type === 'audit.segment') segments.push([])
    segments.at(-1)?.push(entry)
  }
  if (segments.length < 3) throw new Error(`there are ${segments.length} segments, not three`)
  ready = true
  const picked = shown(segments)
  server.link(ada.device).entries(stream, 0, picked)
  await until('Ada has it', () => ada.alarm !== null || ada.replica.head(stream) !== null)
  return { finding: alarmed(ada), ...(await readBy(ada)) }
}

export const auditStreams: readonly Attack[] = [
  {
    ref: 'S-audit-dropped',
    area: AREA,
    title: 'audit entries dropped from the middle',
    tried: 'leaves a whole segment of Dana’s records out of what the auditor is shown, and closes the ranks',
    refusal: 'bad_entry',
    weakened: UNCHAINED,
    run: async (stage) => {
      const { finding, details, problems } = await showing(stage, (segments) => [
        ...(segments[0] ?? []),
        ...(segments[2] ?? []),
      ])
      if (finding !== null) return finding
      if (details.includes('second') || problems > 0)
        throw new Error(`shown: ${details.join()}, problems: ${problems}`)
      return succeeded(`the auditor reads ${details.join(', ')} and is told that this is all`)
    },
  },
  {
    ref: 'S-audit-reordered',
    area: AREA,
    title: 'audit entries reordered',
    tried: 'shows the auditor Dana’s last segment before her first ones',
    refusal: 'bad_entry',
    weakened: UNCHAINED,
    run: async (stage) => {
      const { finding, details, problems } = await showing(stage, (segments) => [
        ...(segments[2] ?? []),
        ...(segments[0] ?? []),
      ])
      if (finding !== null) return finding
      if (problems > 0 || !details.includes('third'))
        throw new Error(`shown: ${details.join()}, problems: ${problems}`)
      return succeeded(`the auditor reads ${details.join(', then ')}`)
    },
  },
  {
    ref: 'S-audit-truncated',
    area: AREA,
    title: 'audit entries cut off at the tail',
    tried: 'keeps Dana’s last records from the auditor, while everything else reaches them',
    refusal: 'withheld',
    weakened: KEPT_BACK,
    run: async (stage) => {
      const company = await Company.found(stage)
      const { ada, server } = company
      const dana = await company.developer()
      const stream = auditStream(dana.device)
      await revealed(company, dana, ['first'])
      await until('Ada has the first', () => ada.replica.head(stream) !== null)
      const seq = server.timeline.head(stream)?.seq ?? -1
      await until('Ada has all of it', () => (ada.replica.head(stream)?.seq ?? -1) >= seq)
      server.tamper = (message, link) => {
        if (link.device !== ada.device || message.type !== 'entries' || message.stream !== stream)
          return [message]
        const entries = message.entries.slice(0, Math.max(0, seq + 1 - message.from))
        return entries.length === 0 && message.ref === null ? [] : [{ ...message, entries }]
      }
      const asked = askedAgain(server, ada, stream)
      await dana.session.device.audit([record('hidden')])
      await dana.session.device.flushAudit()
      await asked
      const sounded = alarmed(ada)
      if (sounded !== null) return sounded
      const { details, problems } = await readBy(ada)
      if (details.includes('hidden') || problems > 0) throw new Error(`shown: ${details.join()}`)
      return succeeded('the auditor is told that the record is whole')
    },
  },
]
