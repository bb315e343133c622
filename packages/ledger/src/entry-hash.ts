import { hashOf } from '@countersign/crypto/verify'
import { ENTRY_PURPOSE } from '@countersign/schema/entry'

/** Hash of an entry's whole bytes, signature included (L1): what the next entry of its stream names as `prev`. */
export const entryHash = (bytes: Uint8Array): Uint8Array => hashOf(ENTRY_PURPOSE, bytes)

/** `prev` of a stream's first entry: 32 zero bytes. */
export const zeroHash = (): Uint8Array => new Uint8Array(32)
