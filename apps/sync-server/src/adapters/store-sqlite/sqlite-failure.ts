import { StoreError } from '../../core/store-error.ts'

const SQLITE_CORRUPT = 11
const SQLITE_FULL = 13
const SQLITE_CONSTRAINT = 19
const SQLITE_NOTADB = 26

/** The primary result code of an error that node:sqlite threw; undefined for anything else. */
const resultCode = (cause: unknown): number | undefined =>
  cause instanceof Error && 'errcode' in cause && typeof cause.errcode === 'number'
    ? cause.errcode & 0xff
    : undefined

export const isConstraint = (cause: unknown): boolean => resultCode(cause) === SQLITE_CONSTRAINT
export const isDamage = (cause: unknown): boolean =>
  resultCode(cause) === SQLITE_CORRUPT || resultCode(cause) === SQLITE_NOTADB

/** What a failed statement means to the port. */
export const storeFailure = (cause: unknown): StoreError => {
  if (cause instanceof StoreError) return cause
  if (resultCode(cause) === SQLITE_FULL)
    return new StoreError('full', 'the disk or the quota is full', { cause })
  if (isDamage(cause)) return new StoreError('corrupt', 'the data file is damaged', { cause })
  return new StoreError('failed', 'the data file could not be read or written', { cause })
}
