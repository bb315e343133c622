import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { cryptoReady } from '@countersign/crypto/verify'
import type { Logger } from 'pino'
import { createHttpEndpoint } from './adapters/http/http-endpoint.ts'
import { openSqliteStore } from './adapters/store-sqlite/sqlite-store.ts'
import { attachSyncEndpoint, type SyncEndpoint } from './adapters/ws/sync-endpoint.ts'
import type { ServerConfig } from './config.ts'
import { AppendQueue } from './core/append-queue.ts'
import { Hub } from './core/hub.ts'
import { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS, DEFAULT_RATES, type Rates } from './core/limits.ts'
import { MailboxListeners } from './core/mailbox-listeners.ts'
import { TokenBuckets } from './core/token-bucket.ts'
import { createMetrics } from './metrics.ts'
import type { NodeContext } from './node-context.ts'
import { admitSetupToken, forgetSetupToken } from './setup-token.ts'

/** Teams kept in memory while none of their devices is connected. */
const IDLE_TEAMS = 200
const DRAIN_MS = 3000

export interface StartOptions extends ServerConfig {
  readonly log: Logger
  readonly rates?: Rates
  readonly connectionLimits?: ConnectionLimits
}

export interface RunningServer {
  readonly url: string
  readonly port: number
  /** Newly generated at this start; null otherwise. */
  readonly setupToken: string | null
  /** Drains: tells clients to move on, finishes what was accepted, closes the store. */
  stop(): Promise<void>
}

/** Starts a node. Throws StoreError when the data file cannot be opened, and what `listen` throws. */
export const startServer = async (options: StartOptions): Promise<RunningServer> => {
  await cryptoReady()
  const store = openSqliteStore({ file: options.dataFile, maxBytes: options.maxDataBytes })
  try {
    const setupToken = await admitSetupToken(store.teams, options.dataFile, options.setupToken)
    const metrics = createMetrics()
    let draining = false
    const node: NodeContext = {
      store,
      hub: new Hub({
        log: store.log,
        schedule: setImmediate,
        idleTeams: IDLE_TEAMS,
        onPush: (frames) => metrics.pushedFrames.inc(frames),
      }),
      appends: new AppendQueue({
        log: store.log,
        schedule: setImmediate,
        now: () => performance.now(),
        onFlush: ({ appends, durationMs }) => {
          metrics.flushAppends.observe(appends)
          metrics.flushSeconds.observe(durationMs / 1000)
        },
      }),
      mailboxes: new MailboxListeners(),
      teamEntries: new TokenBuckets((options.rates ?? DEFAULT_RATES).entriesPerTeam),
      returns: new TokenBuckets((options.rates ?? DEFAULT_RATES).returnsPerMember),
      rates: options.rates ?? DEFAULT_RATES,
      connectionLimits: options.connectionLimits ?? DEFAULT_CONNECTION_LIMITS,
      metrics,
      log: options.log,
      now: Date.now,
      onTokenUsed: (hash) => forgetSetupToken(options.dataFile, hash),
      isDraining: () => draining,
    }
    const http = createHttpEndpoint(node, () => sync.connections())
    const sync: SyncEndpoint = attachSyncEndpoint(http, node)
    http.listen(options.port, options.host)
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    const stop = async (): Promise<void> => {
      if (draining) return
      draining = true
      const closed = once(http, 'close')
      http.close()
      await node.appends.drain()
      await sync.drain(DRAIN_MS)
      http.closeAllConnections()
      await closed
      node.hub.close()
      await store.close()
    }
    const host = options.host.includes(':') ? `[${options.host}]` : options.host
    return { url: `http://${host}:${port}`, port, setupToken, stop }
  } catch (cause) {
    await store.close()
    throw cause
  }
}
