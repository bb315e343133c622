import { AuditTimeline } from '@countersign/client/audit/audit-timeline'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { findProvider } from '@countersign/schema/providers'
import type { WorklistRow } from '../shared/views.ts'
import type { Core } from './core-state.ts'
import { personView, placeName } from './views/people.ts'

/** Actions after which somebody knows a value. */
const READS = new Set(['credential.read', 'credential.revealed'])

interface Read {
  readonly environment: string
  readonly item: string
  readonly version: number
  readonly member: string
  lastRead: number
  readCount: number
}

/** What removed members really read, from their devices' signed audit records: whoever is no auditor sees none (decision 0007). */
const readsOfRemoved = async (session: UnlockedSession): Promise<Read[]> => {
  const { projection } = session.ledger
  const removed = new Set(
    [...projection.members.values()].filter((each) => each.removedAt !== null).map((each) => each.member),
  )
  if (removed.size === 0) return []
  const reads = new Map<string, Read>()
  for (const event of await AuditTimeline.of(session).read()) {
    if (event.source !== 'device' || !removed.has(event.member)) continue
    const { action, outcome, environment, item, version, time, count } = event.record
    if (!READS.has(action) || outcome !== 'ok') continue
    if (environment === null || item === null || version === null) continue
    const key = `${event.member}/${item}`
    const known = reads.get(key)
    const newer = known === undefined || version >= known.version
    const lastRead = Math.max(time, known?.lastRead ?? 0)
    const readCount = count + (known?.readCount ?? 0)
    reads.set(key, {
      environment,
      item,
      version: newer ? version : known.version,
      member: event.member,
      lastRead,
      readCount,
    })
  }
  return [...reads.values()]
}

/** Provider keys to rotate because somebody who left really read them; done once a newer version than theirs is current. */
export const worklist = async (session: UnlockedSession): Promise<WorklistRow[]> =>
  (await readsOfRemoved(session)).flatMap((read) => {
    const record = session.index(read.environment)?.get(read.item)
    if (record === undefined) return []
    const { meta, current } = record
    return [
      {
        item: read.item,
        name: meta.name,
        provider: meta.provider,
        where: placeName(session.ledger, read.environment),
        member: personView(session.ledger, read.member),
        lastRead: read.lastRead,
        readCount: read.readCount,
        consoleUrl: findProvider(meta.provider)?.consoleUrl ?? null,
        done: current.deleted || current.version > read.version,
      },
    ]
  })

/** Items on the worklist that wait to be rotated. */
export const rotationDue = async (_core: Core, session: UnlockedSession): Promise<Set<string>> =>
  new Set((await worklist(session)).filter(({ done }) => !done).map(({ item }) => item))
