import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { useNativeSodium } from '@countersign/crypto/native-sodium'
import { cryptoReady } from '@countersign/crypto/verify'
import type { Logger } from 'pino'
import { createHttpEndpoint } from './adapters/http/http-endpoint.ts'
import { openSqliteStore } from './adapters/store-sqlite/sqlite-store.ts'
import { attachSyncEndpoint, type SyncEndpoint } from './adapters/ws/sync-endpoint.ts'
import type { ServerConfig } from './config.ts'
import { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS, DEFAULT_RATES, type Rates } from './core/limits.ts'
import { newNode } from './new-node.ts'
import { admitSetupToken, forgetSetupToken } from './setup-token.ts'

const DRAIN_MS = 3000
const SLOWER =
  'no native libsodium loads on this machine: signatures are verified in WebAssembly, with the same answers in twice the time'

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
  const sodium = useNativeSodium()
  if (sodium.ok) options.log.info({ sodium: 'native' }, 'signatures are verified by the native libsodium')
  else options.log.warn({ sodium: 'wasm', why: sodium.why }, SLOWER)
  const store = openSqliteStore({ file: options.dataFile, maxBytes: options.maxDataBytes })
  try {
    const setupToken = await admitSetupToken(store.teams, options.dataFile, options.setupToken)
    let draining = false
    const node = newNode({
      store,
      rates: options.rates ?? DEFAULT_RATES,
      connectionLimits: options.connectionLimits ?? DEFAULT_CONNECTION_LIMITS,
      log: options.log,
      checksAhead: !sodium.ok,
      now: Date.now,
      onTokenUsed: (hash) => forgetSetupToken(options.dataFile, hash),
      isDraining: () => draining,
    })
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
