import type { AppendQueue } from './core/append-queue.ts'
import type { Hub } from './core/hub.ts'
import type { ConnectionLimits, Rates } from './core/limits.ts'
import type { MailboxListeners } from './core/mailbox-listeners.ts'
import type { Store } from './core/store.ts'
import type { TokenBuckets } from './core/token-bucket.ts'
import type { Metrics } from './metrics.ts'

/** Structured lines about what happened here; never what a peer sent. */
export interface NodeLog {
  info(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** What every connection and request of one node shares. */
export interface NodeContext {
  readonly store: Store
  readonly hub: Hub
  readonly appends: AppendQueue
  readonly mailboxes: MailboxListeners
  readonly teamEntries: TokenBuckets
  readonly returns: TokenBuckets
  readonly rates: Rates
  readonly connectionLimits: ConnectionLimits
  readonly metrics: Metrics
  readonly log: NodeLog
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** A set-up token has made its team. */
  readonly onTokenUsed: (tokenHash: Uint8Array) => void
  readonly isDraining: () => boolean
}
