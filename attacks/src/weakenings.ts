import type { Weakening } from './attack.ts'

// Weakenings that several rows share. Each takes one check out of shipped source.

/** Entries are believed whoever signed them. */
export const UNSIGNED: Weakening = {
  without: 'the check of entries’ signatures',
  edits: [
    {
      file: 'packages/ledger/src/projection.ts',
      find: 'verifySignature(key, ENTRY_PURPOSE, entry.envelopeBytes, entry.signature)',
      replace: '(verifySignature(key, ENTRY_PURPOSE, entry.envelopeBytes, entry.signature) || true)',
    },
  ],
}
