import type { Edit, Weakening } from './attack.ts'

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

/** Sealed bytes are decrypted whether or not their tag fits: what remains is a stream cipher. */
export const UNAUTHENTICATED: Weakening = {
  without: 'the authentication of sealed blobs',
  edits: [
    {
      file: 'packages/crypto/src/aead.ts',
      find: `a.raw._crypto_aead_xchacha20poly1305_ietf_decrypt(
      padded,
      0,
      0,
      padded,
      blob.length - CIPHERTEXT_AT,
      0,
      a.context,
      contextEnd - a.context,
      0,`,
      // Encrypting a ciphertext once more under the same key and nonce gives the plaintext, and a tag that nobody compares.
      replace: `a.raw._crypto_aead_xchacha20poly1305_ietf_encrypt(
      padded,
      0,
      padded,
      blob.length - CIPHERTEXT_AT - TAG_BYTES,
      0,
      a.context,
      contextEnd - a.context,
      0,
      0,`,
    },
  ],
}

const itemContext = (name: 'meta' | 'value' | 'key', type: string, without: string): Edit => {
  const members = name === 'value' ? 'item, version' : 'item, version, epoch'
  const left = members
    .replace(without, '')
    .replace(/^, /, '')
    .replace(/, (?=, |$)/, '')
  return {
    file: 'packages/client/src/items/item-blobs.ts',
    find: `({ type: '${type}', team, environment, ${members} }) as const`,
    replace: `({ type: '${type}', team, environment, ${left} }) as const`,
  }
}

/** What a blob of an item is sealed for no longer says `without`, neither where it is sealed nor where it is opened. */
export const itemContextsWithout = (without: 'item, version' | 'version'): Weakening => ({
  without: `“${without}” in what an item’s blobs are sealed for`,
  edits: [
    itemContext('meta', 'item-meta', without),
    itemContext('value', 'item-value', without),
    itemContext('key', 'item-key', without),
  ],
})

/** A key that was sealed to this member is used without comparing it with what its maker committed to. */
export const UNCOMMITTED: Weakening = {
  without: 'the comparison of a received key with its commitment',
  edits: [
    {
      file: 'packages/client/src/keys/key-chain.ts',
      find: "generation.commitment)) return key\n    this.#rules.onProblem('epoch.bad_wrap', epoch)",
      replace:
        "generation.commitment) || key !== null) return key\n    this.#rules.onProblem('epoch.bad_wrap', epoch)",
    },
  ],
}

/** A new device takes the ledger as the server shows it. */
export const NO_FLOOR: Weakening = {
  without: 'the ledger head that a new device knows from elsewhere',
  edits: [
    {
      file: 'packages/client/src/replica/history-check.ts',
      find: 'for (const floor of floors) {',
      replace: 'for (const floor of floors.slice(0, 0)) {',
    },
  ],
}

/** What others have verified and this device lacks is shrugged off. */
export const KEPT_BACK: Weakening = {
  without: 'the alarm about entries that others have verified and this device is not given',
  edits: [
    {
      file: 'packages/client/src/replica/withheld-check.ts',
      find: 'if (still !== undefined) await onWithheld(still)',
      replace: 'if (still !== undefined && still.seq < 0) await onWithheld(still)',
    },
  ],
}

/** A stream is taken as it comes: an entry may have any number and any predecessor. */
export const UNCHAINED: Weakening = {
  without: 'number and predecessor of an entry',
  edits: [
    {
      file: 'packages/client/src/replica/verify-batch.ts',
      find: "if (envelope.seq !== (head === null ? 0 : head.seq + 1)) return badEntry('chain.seq')",
      replace: "if (envelope.seq < 0) return badEntry('chain.seq')",
    },
    {
      file: 'packages/client/src/replica/verify-batch.ts',
      find: 'if (equalBytes(envelope.prev, head === null ? zeroHash() : head.hash)) return null',
      replace:
        'if (equalBytes(envelope.prev, head === null ? zeroHash() : head.hash) || envelope.seq >= 0) return null',
    },
    {
      file: 'packages/client/src/replica/verify-batch.ts',
      find: 'const { seq } = entry.envelope\n    entries.push',
      replace: 'const seq = at === null ? 0 : at.seq + 1\n    entries.push',
    },
  ],
}
