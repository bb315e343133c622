import type { Store, StoreMode } from '../../core/store.ts'
import type { NodeContext } from '../../node-context.ts'
import { VERSION } from '../../version.ts'

/** `read_only`: no space; reading goes on. `failed`: the store cannot be trusted. `draining`: going away. */
export type ServerMode = 'normal' | 'read_only' | 'failed' | 'draining'

export interface Health {
  readonly status: 'ok' | 'unavailable'
  readonly version: string
  readonly mode: ServerMode
  readonly store: { readonly kind: 'embedded'; readonly mode: StoreMode }
  readonly connections: number
  readonly queueDepth: number
}

const MODES: Record<StoreMode, ServerMode> = { normal: 'normal', full: 'read_only', failed: 'failed' }

/** How often a store that takes no writes is tried again, whoever asks how it is. */
const PROBE_EVERY_MS = 1000

/** The store's mode, tried again when it was not normal: space may be back though nobody writes. */
export const createStoreWatch = (store: Store, now: () => number): (() => Promise<StoreMode>) => {
  let probedAt = Number.NEGATIVE_INFINITY
  return async () => {
    const mode = store.mode()
    if (mode === 'normal' || now() - probedAt < PROBE_EVERY_MS) return mode
    probedAt = now()
    return store.probe()
  }
}

/** Whether this node serves, and why not. */
export const healthOf = async (
  node: NodeContext,
  storeModeNow: () => Promise<StoreMode>,
  connections: number,
): Promise<Health> => {
  const storeMode = await storeModeNow()
  const mode = node.isDraining() ? 'draining' : MODES[storeMode]
  node.metrics.storeWritable.set(storeMode === 'normal' ? 1 : 0)
  return {
    status: mode === 'normal' ? 'ok' : 'unavailable',
    version: VERSION,
    mode,
    store: { kind: 'embedded', mode: storeMode },
    connections,
    queueDepth: node.appends.depth,
  }
}
