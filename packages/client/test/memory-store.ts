import { type LocalStore, LocalStoreError, type StoreFile } from '../src/store/local-store.ts'

const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

class MemoryFile implements StoreFile {
  readonly #mustBeOpen: () => void
  #bytes = new Uint8Array(0)

  constructor(mustBeOpen: () => void) {
    this.#mustBeOpen = mustBeOpen
  }

  get size(): number {
    return this.#bytes.length
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    this.#mustBeOpen()
    return this.#bytes.slice(at, at + length)
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    this.#mustBeOpen()
    const grown = new Uint8Array(Math.max(this.size, at + bytes.length))
    grown.set(this.#bytes)
    grown.set(bytes, at)
    this.#bytes = grown
  }

  async truncate(size: number): Promise<void> {
    this.#mustBeOpen()
    this.#bytes = this.#bytes.slice(0, size)
  }
}

/** A LocalStore that forgets: for tests of what stands on the port. It passes the same contract suite as the shipped adapter. */
export const memoryStore = (): LocalStore => {
  const pairs = new Map<string, Uint8Array>()
  const files = new Map<string, StoreFile>()
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
    async file(name) {
      mustBeOpen()
      const file = files.get(name) ?? new MemoryFile(mustBeOpen)
      files.set(name, file)
      return file
    },
    async close() {
      open = false
    },
  }
}
