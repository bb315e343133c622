import { verifiesElsewhere } from '@countersign/crypto/verify'
import { expectedSignKey, type Projection } from '@countersign/ledger/projection'
import { ENTRY_PURPOSE, type SignedEntry } from '@countersign/schema/entry'
import type { ParsedBatch } from './parse-batch.ts'

/**
 * Verifies the signatures of entries on other threads while they wait to be judged, by the keys of their authors as they are now. Entries are judged in
 * any case; where a key is another by then, or nothing good was found, the signature is verified there.
 */
export class SignatureChecks {
  readonly #goodFor = new WeakMap<SignedEntry, Uint8Array>()

  /** Resolves when what could be found out has been; never rejects. */
  async begin(projection: Projection, batch: ParsedBatch): Promise<void> {
    const checks: Promise<void>[] = []
    for (const { entries } of batch.parts) {
      for (const { signed } of entries) {
        const key = expectedSignKey(projection, signed.envelope)
        if (key !== undefined) checks.push(this.#check(key, signed))
      }
    }
    await Promise.all(checks)
  }

  /** The key by which the entry's signature was found good. */
  goodFor(entry: SignedEntry): Uint8Array | undefined {
    return this.#goodFor.get(entry)
  }

  async #check(key: Uint8Array, entry: SignedEntry): Promise<void> {
    const good = await verifiesElsewhere(key, ENTRY_PURPOSE, entry.envelopeBytes, entry.signature)
    if (good) this.#goodFor.set(entry, key)
  }
}
