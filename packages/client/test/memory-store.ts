import { type LocalStore, LocalStoreError } from '../src/store/local-store.ts'

const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** A LocalStore that forgets: for tests of what stands on the port. It passes the same contract suite as the shipped adapter. */
export const memoryStore = (): LocalStore => {
  const pairs = new Map<string, Uint8Array>()
  let open = true
  const mustBeOpen = (): void => {
    if (!open) throw new LocalStoreError('store.closed', 'the local store is closed')
  }
  return {
    async get(key) {
      mustBeOpen()
      return pairs.get(key)?.slice()
    },
    async batch({ puts, dels = [] }) {
      mustBeOpen()
      for (const [key, value] of puts) pairs.set(key, value.slice())
      for (const key of dels) pairs.delete(key)
    },
    async *range(prefix, { after, reverse = false, limit = Number.POSITIVE_INFINITY } = {}) {
      mustBeOpen()
      const keys = [...pairs.keys()]
        .filter((key) => key.startsWith(prefix) && (after === undefined || order(key, after) > 0))
        .sort(order)
      if (reverse) keys.reverse()
      const page = keys.slice(0, limit).map((key) => [key, pairs.get(key)!.slice()] as const)
      if (page.length > 0) yield page
    },
    async close() {
      open = false
    },
  }
}
