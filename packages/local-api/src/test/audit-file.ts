import { type FileHandle, open } from 'node:fs/promises'
import { type AuditDraft, type AuditLog, AuditWriter } from '@countersign/client/audit/audit-writer'
import { hashOf } from '@countersign/crypto/hash'
import { kemKeypair } from '@countersign/crypto/kem'
import { Secret } from '@countersign/crypto/secret'
import { sign, signKeypair } from '@countersign/crypto/sign'
import { encodeCanonical } from '@countersign/schema/canonical'
import { newId } from '@countersign/schema/ids'

export interface AuditFile {
  readonly writer: AuditWriter
  /** Makes every write fail from now on, as a full disk does. */
  fill(): void
  close(): Promise<void>
}

/** A chained, signed audit stream in one file: sealed by the product's own writer, one fdatasync a group. */
export const openAuditFile = async (path: string): Promise<AuditFile> => {
  const file: FileHandle = await open(path, 'a', 0o600)
  const device = signKeypair(Secret.random())
  const auditors = kemKeypair(Secret.random())
  let previous: Uint8Array = new Uint8Array(32)
  let full = false
  const log: AuditLog = {
    append: async (drafts: readonly AuditDraft[]) => {
      if (full) throw new Error('no space left on the test disk')
      const parts: Uint8Array[] = []
      for (const draft of drafts) {
        const bytes = encodeCanonical({ ...draft, previous })
        previous = hashOf('entry', bytes)
        parts.push(bytes, sign(device.secretKey, 'entry', previous))
      }
      await file.write(Buffer.concat(parts))
      await file.datasync()
    },
  }
  const writer = new AuditWriter({
    place: { team: newId(), device: newId() },
    log,
    auditKey: () => ({ epoch: 1, publicKey: auditors.publicKey }),
    cause: 'first',
  })
  return {
    writer,
    fill: () => {
      full = true
    },
    close: () => file.close(),
  }
}
