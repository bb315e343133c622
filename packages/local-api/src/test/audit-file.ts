import { AuditJournal } from '@countersign/client/audit/audit-journal'
import { AuditWriter } from '@countersign/client/audit/audit-writer'
import { openLevelStore } from '@countersign/client/store/level-store'
import { LocalStoreError } from '@countersign/client/store/local-store'
import { withFileWrites } from '@countersign/client/test/file-writes'
import { kemKeypair } from '@countersign/crypto/kem'
import { Secret } from '@countersign/crypto/secret'
import { newId } from '@countersign/schema/ids'

export interface AuditFile {
  readonly writer: AuditWriter
  /** Makes every write fail from now on, as a full disk does. */
  fill(): void
  /** There is room again. */
  free(): void
  close(): Promise<void>
}

/** An audit journal as an installation has it: the product's own writer and journal over a store of its own, one durable write a group. */
export const openAuditFile = async (path: string): Promise<AuditFile> => {
  const store = await openLevelStore(path)
  const auditors = kemKeypair(Secret.random())
  let full = false
  const journal = await AuditJournal.open(
    withFileWrites(store, async (file, at, bytes) => {
      if (full) throw new LocalStoreError('store.full', 'no space left on the test disk')
      await file.write(at, bytes)
    }),
  )
  const writer = new AuditWriter({
    place: { team: newId(), device: newId() },
    log: journal,
    auditKey: () => ({ epoch: 1, publicKey: auditors.publicKey }),
    cause: 'first',
  })
  return {
    writer,
    fill: () => {
      full = true
    },
    free: () => {
      full = false
    },
    close: () => store.close(),
  }
}
