import { hashOf } from '@countersign/crypto/verify'
import { ENTRY_PURPOSE } from '@countersign/schema/entry'

/** Hash of a whole encoded entry, 32 bytes: what the next entry names as `prev`. */
export const hashEntry = (bytes: Uint8Array): Uint8Array => hashOf(ENTRY_PURPOSE, bytes)

/** `prev` of a stream's first entry. */
export const NO_ENTRY = new Uint8Array(32)
