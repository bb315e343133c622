import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { DiskFile } from './disk-file.ts'
import { type LocalStore, LocalStoreError, type RangeOptions, type StorePage } from './local-store.ts'
import { refuseStore } from './store-refusal.ts'

const PAGE = 1000
/** Or so many bytes, if that is less: the default of 16 KiB would make a page of twenty entries. */
const PAGE_BYTES = 512 * 1024

/** The smallest key greater than every key that starts with `prefix`, for prefixes that end in a character below U+FFFF. */
const endOf = (prefix: string): string => {
  const last = prefix.codePointAt(prefix.length - 1)
  return last === undefined ? '\u{10ffff}' : prefix.slice(0, -1) + String.fromCodePoint(last + 1)
}

/** LevelDB takes a folder without CURRENT for a new one and starts empty over the old tables: refused instead. */
const lostItsRoot = async (location: string): Promise<boolean> => {
  const names = await readdir(location).catch((): string[] => [])
  return !names.includes('CURRENT') && names.some((name) => /^MANIFEST-|\.(?:ldb|log|sst)$/.test(name))
}

/** A plain view on the same memory: Buffers print and compare differently. */
const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Opens (or makes) the LevelDB store in a folder. Throws LocalStoreError: `store.busy` when another process has it,
 * `store.corrupt` when it is damaged (it is never repaired or deleted here), `store.full`, `store.failed`.
 */
export const openLevelStore = async (location: string): Promise<LocalStore> => {
  if (await lostItsRoot(location)) {
    throw refuseStore(location, new Error('Corruption: the CURRENT file is missing'))
  }
  const level = new ClassicLevel<string, Uint8Array>(location, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    writeBufferSize: 16 * 1024 * 1024,
    // Nearly all of it is ciphertext, which only costs the time.
    compression: false,
  })
  try {
    await level.open()
  } catch (cause) {
    throw refuseStore(location, cause)
  }

  async function* range(prefix: string, options: RangeOptions = {}): AsyncGenerator<StorePage> {
    const { after, reverse = false, limit = -1 } = options
    const bounds = after !== undefined && after >= prefix ? { gt: after } : { gte: prefix }
    try {
      const iterator = level.iterator({
        ...bounds,
        lt: endOf(prefix),
        reverse,
        limit,
        highWaterMarkBytes: PAGE_BYTES,
      })
      try {
        for (;;) {
          const page = await iterator.nextv(PAGE)
          if (page.length === 0) return
          yield page.map(([key, value]) => [key, plain(value)] as const)
        }
      } finally {
        await iterator.close()
      }
    } catch (cause) {
      throw refuseStore(location, cause)
    }
  }

  const files = new Map<string, Promise<DiskFile>>()
  let open = true

  return {
    async get(key) {
      try {
        const value = await level.get(key)
        return value === undefined ? undefined : plain(value)
      } catch (cause) {
        throw refuseStore(location, cause)
      }
    },
    async batch({ puts, dels = [] }, { durable }) {
      try {
        // One call an entry rather than an array of them: half the work.
        const batch = level.batch()
        for (const [key, value] of puts) batch.put(key, value)
        for (const key of dels) batch.del(key)
        await batch.write({ sync: durable })
      } catch (cause) {
        throw refuseStore(location, cause)
      }
    },
    range,
    file(name) {
      if (!open) return Promise.reject(new LocalStoreError('store.closed', 'the local store is closed'))
      const known = files.get(name)
      if (known !== undefined) return known
      const file = DiskFile.open(join(location, `${name}.journal`))
      files.set(name, file)
      file.catch(() => files.delete(name))
      return file
    },
    async close() {
      open = false
      for (const file of files.values())
        await file.then(
          (each) => each.close(),
          () => undefined,
        )
      try {
        await level.close()
      } catch (cause) {
        throw refuseStore(location, cause)
      }
    },
  }
}
