import type { StoreMode } from '../../core/store.ts'
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

/** Whether this node serves, and why not. Asking while the disk was full tries it again. */
export const healthOf = async (node: NodeContext, connections: number): Promise<Health> => {
  const storeMode = node.store.mode() === 'normal' ? 'normal' : await node.store.probe()
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
