import { AppendQueue } from './core/append-queue.ts'
import { Hub } from './core/hub.ts'
import { MailboxListeners } from './core/mailbox-listeners.ts'
import { TokenBuckets } from './core/token-bucket.ts'
import { createMetrics } from './metrics.ts'
import type { NodeContext } from './node-context.ts'

/** Teams kept in memory while none of their devices is connected. */
const IDLE_TEAMS = 200

type GivenParts = Pick<
  NodeContext,
  'store' | 'rates' | 'connectionLimits' | 'log' | 'now' | 'onTokenUsed' | 'isDraining'
> & {
  /** Whether Node's thread pool helps to verify signatures: where this thread has only WebAssembly for it. */
  readonly checksAhead: boolean
}

/** A node over a store: everything its connections and requests share. What listens is the caller's. */
export const newNode = ({ checksAhead, ...given }: GivenParts): NodeContext => {
  const { store, rates } = given
  const metrics = createMetrics()
  return {
    ...given,
    hub: new Hub({
      log: store.log,
      schedule: setImmediate,
      idleTeams: IDLE_TEAMS,
      onPush: (frames) => metrics.pushedFrames.inc(frames),
    }),
    appends: new AppendQueue({
      log: store.log,
      checksAhead,
      schedule: setImmediate,
      now: () => performance.now(),
      onFlush: ({ appends, durationMs }) => {
        metrics.flushAppends.observe(appends)
        metrics.flushSeconds.observe(durationMs / 1000)
      },
    }),
    mailboxes: new MailboxListeners(),
    teamEntries: new TokenBuckets(rates.entriesPerTeam),
    returns: new TokenBuckets(rates.returnsPerMember),
    metrics,
  }
}
