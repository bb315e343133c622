import { LedgerError } from './ledger-error.ts'

/** What `restore` makes of a checkpoint's bytes; throws LedgerError `checkpoint.damaged` whatever it finds wrong. */
export const restoring = <T>(restore: () => T): T => {
  try {
    return restore()
  } catch (cause) {
    throw new LedgerError('checkpoint.damaged', 'the checkpoint is damaged: replay the ledger instead', {
      cause,
    })
  }
}
