import { ClientError } from '../client-error.ts'

export interface StoreWrite {
  readonly puts: readonly (readonly [key: string, value: Uint8Array])[]
  readonly dels?: readonly string[]
}

export interface RangeOptions {
  /** Only keys greater than this one. */
  readonly after?: string
  /** Greatest key first. */
  readonly reverse?: boolean
  /** Pairs at most. */
  readonly limit?: number
}

export type StorePage = readonly (readonly [key: string, value: Uint8Array])[]

/** A file that is written in place, one write at a time. */
export interface StoreFile {
  /** Bytes to read; what was never written may be zeros. */
  readonly size: number
  /** Fewer bytes where the file ends before. */
  read(at: number, length: number): Promise<Uint8Array>
  /** The bytes have reached the disk when it resolves. Where it rejects, any part of them may be there. */
  write(at: number, bytes: Uint8Array): Promise<void>
  /** Cuts off what comes after `size` bytes. */
  truncate(size: number): Promise<void>
}

/**
 * What an installation keeps on its disk: an ordered map from text keys to bytes. Every value put here is either public to the
 * sync server too or sealed by the caller: the store adds no secrecy.
 */
export interface LocalStore {
  get(key: string): Promise<Uint8Array | undefined>
  /** All of it or none. With `durable` it has reached the disk when the promise resolves. */
  batch(write: StoreWrite, options: { durable: boolean }): Promise<void>
  /** Pairs whose key starts with `prefix`, in the order of the keys' UTF-8 bytes, in pages (never one hop a pair). */
  range(prefix: string, options?: RangeOptions): AsyncIterable<StorePage>
  /** A file beside the pairs, made where there is none; the same one each time. Names: small letters and dashes. Closed with the store. */
  file(name: string): Promise<StoreFile>
  close(): Promise<void>
}

export type LocalStoreErrorCode =
  | 'store.corrupt'
  | 'store.full'
  | 'store.busy'
  | 'store.closed'
  | 'store.failed'

export class LocalStoreError extends ClientError {
  declare readonly code: LocalStoreErrorCode

  constructor(code: LocalStoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options)
    this.name = 'LocalStoreError'
  }
}
