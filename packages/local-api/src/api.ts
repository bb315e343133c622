import type { Mode } from '@countersign/schema/mode'
import type { AuditGate } from './audit-gate.ts'
import type { BadTokenLimit } from './bad-token-limit.ts'
import type { CallerFinder } from './caller/caller-finder.ts'
import type { EventHub } from './event-hub.ts'
import type { Metrics } from './metrics.ts'
import type { PollLimit } from './poll-limit.ts'
import type { PreparedReads } from './prepared-reads.ts'
import type { RequestStorm } from './request-storm.ts'
import type { ProofNonces } from './sender/proof-nonces.ts'
import type { LockedSource, UnlockedSource } from './source.ts'
import type { TokenBook } from './token-book.ts'

/** What a session serves from while it is unlocked. A new unlock makes a new one. */
export interface OpenSession {
  readonly source: UnlockedSource
  readonly book: TokenBook
  readonly prepared: PreparedReads
  /** Random name of this session, for leases until lock. */
  readonly name: string
  /** Aborted when the session ends: whoever waits in it stops waiting. */
  readonly ended: AbortSignal
}

/** What every route works with. `session` is null while locked. */
export interface Api {
  session: OpenSession | null
  source: UnlockedSource | LockedSource
  readonly gate: AuditGate
  readonly badTokens: BadTokenLimit
  readonly storm: RequestStorm
  readonly finder: CallerFinder
  readonly hub: EventHub
  readonly nonces: ProofNonces
  readonly metrics: Metrics
  readonly now: () => number
  /** Told when the mode changed by what the disk takes. */
  readonly onMode: () => void
  readonly startedAt: number
  readonly polls: PollLimit
  /** Told of defects: never of values. */
  readonly onDefect: (error: unknown) => void
  url: string
  portMoved: boolean
}

/** While reads go by without a record, running leases are all there is, whatever the session itself says. */
export const modeOf = (api: Api): Mode => {
  const mode = api.session?.source.mode() ?? 'locked'
  return mode === 'locked' || api.gate.unrecorded.since === null ? mode : 'lease-only'
}
