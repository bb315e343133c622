import type { StreamName } from '@countersign/schema/ids'
import type { LocalStore } from '../store/local-store.ts'
import type { Connector } from '../transport/connector.ts'
import type { Clock } from './clock.ts'
import type { DeviceIdentity } from './device-identity.ts'
import { LINK_TIMING, type LinkTiming } from './server-link.ts'
import type { VerifiedEntry } from './verified-entry.ts'

export interface ReplicaTiming extends LinkTiming {
  /** How long an append waits for a connection before it is given up. */
  readonly patienceMs: number
  /** How long the server may take to answer a question. */
  readonly answerMs: number
  /** A statement of what was seen follows a new head by this long … */
  readonly seenAfterMs: number
  /** … and is repeated this often. */
  readonly seenEveryMs: number
}

export const REPLICA_TIMING: ReplicaTiming = {
  ...LINK_TIMING,
  patienceMs: 8_000,
  answerMs: 20_000,
  seenAfterMs: 1_500,
  seenEveryMs: 10 * 60_000,
}

/** What the replica says about itself; never a secret, never what a peer wrote. */
export type Log = (event: string, fields?: Record<string, string | number>) => void

export interface ReplicaOptions {
  readonly store: LocalStore
  readonly identity: DeviceIdentity
  readonly connect: Connector
  /** The machine's; never goes back and never stands still here, whatever it is set to (P16). */
  readonly clock: Clock
  readonly log: Log
  readonly timing?: Partial<ReplicaTiming>
}

export interface EntryBatch {
  readonly stream: StreamName
  readonly entries: readonly VerifiedEntry[]
}
