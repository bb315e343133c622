import { constants, fdatasync, write } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { LocalStoreError, type StoreFile } from './local-store.ts'
import { refuseStore } from './store-refusal.ts'

/** One call writes and waits for the disk, where the system means the disk by it (macOS does not). */
const SYNC_FLAG = process.platform === 'linux' ? constants.O_DSYNC : 0
/** Room is made so many bytes at a time, as soon as less than a quarter of that is left. */
const ROOM_BYTES = 1024 * 1024
const ROOM = new Uint8Array(ROOM_BYTES)

/** The name of a new file is on the disk only once its folder is. */
const syncFolder = async (path: string): Promise<void> => {
  if (process.platform === 'win32') return
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * A StoreFile on a disk. Zeros are written ahead of what comes, so that a write changes bytes of the file and nothing about it: the file
 * system then has one thing to sync instead of two.
 */
export class DiskFile implements StoreFile {
  readonly #path: string
  readonly #handle: FileHandle
  #size: number
  #reserving: Promise<void> | null = null
  /** Where a disk had no room to spare, the next try comes only so much later. */
  #reserveFrom = 0
  #closed = false

  private constructor(path: string, handle: FileHandle, size: number) {
    this.#path = path
    this.#handle = handle
    this.#size = size
  }

  /** Throws LocalStoreError. */
  static async open(path: string): Promise<DiskFile> {
    try {
      const handle = await open(path, constants.O_RDWR | constants.O_CREAT | SYNC_FLAG, 0o600)
      const { size } = await handle.stat()
      if (size === 0) await syncFolder(path)
      return new DiskFile(path, handle, size)
    } catch (cause) {
      throw refuseStore(path, cause)
    }
  }

  get size(): number {
    return this.#size
  }

  async read(at: number, length: number): Promise<Uint8Array> {
    this.#mustBeOpen()
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.#size - at)))
    for (let done = 0; done < bytes.length; ) {
      const { bytesRead } = await this.#handle
        .read(bytes, done, bytes.length - done, at + done)
        .catch((cause: unknown) => {
          throw refuseStore(this.#path, cause)
        })
      if (bytesRead === 0) return bytes.subarray(0, done)
      done += bytesRead
    }
    return bytes
  }

  async write(at: number, bytes: Uint8Array): Promise<void> {
    this.#mustBeOpen()
    const end = at + bytes.length
    // Room that is being made there would be zeros over these bytes.
    if (end > this.#size && this.#reserving !== null) await this.#reserving
    await this.#put(at, bytes)
    this.#size = Math.max(this.#size, end)
    const wanted = this.#size - end < ROOM_BYTES / 4 && end >= this.#reserveFrom
    if (wanted && this.#reserving === null) this.#reserving = this.#reserve(end)
  }

  async truncate(size: number): Promise<void> {
    this.#mustBeOpen()
    await this.#reserving
    try {
      await this.#handle.truncate(size)
      this.#size = Math.min(this.#size, size)
    } catch (cause) {
      throw refuseStore(this.#path, cause)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#reserving
    await this.#handle.close()
  }

  async #reserve(end: number): Promise<void> {
    const from = this.#size
    try {
      await this.#put(from, ROOM)
      this.#size = from + ROOM_BYTES
    } catch {
      // No room: whoever writes next is told, if there is none for that either.
      this.#reserveFrom = end + ROOM_BYTES / 4
    } finally {
      this.#reserving = null
    }
  }

  #put(at: number, bytes: Uint8Array): Promise<void> {
    const { fd } = this.#handle
    return new Promise((resolve, reject) => {
      const refuse = (cause: unknown): void => reject(refuseStore(this.#path, cause))
      const putFrom = (done: number): void => {
        write(fd, bytes, done, bytes.length - done, at + done, (error, written) => {
          if (error !== null) refuse(error)
          else if (written === 0) refuse(new Error('nothing was written'))
          else if (done + written < bytes.length) putFrom(done + written)
          else if (SYNC_FLAG !== 0) resolve()
          else fdatasync(fd, (failed) => (failed === null ? resolve() : refuse(failed)))
        })
      }
      putFrom(0)
    })
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new LocalStoreError('store.closed', 'the local store is closed')
  }
}
