import type { LocalStore, StoreFile } from '../src/store/local-store.ts'

/** Test-only: `store`, with `write` in the place of every write into its files; what it asks of `file` is really done. */
export const withFileWrites = (
  store: LocalStore,
  write: (file: StoreFile, at: number, bytes: Uint8Array) => Promise<void>,
): LocalStore => ({
  ...store,
  file: async (name) => {
    const file = await store.file(name)
    return {
      get size() {
        return file.size
      },
      read: (at, length) => file.read(at, length),
      truncate: (size) => file.truncate(size),
      write: (at, bytes) => write(file, at, bytes),
    }
  },
})
