/** Smallest encoded entry, in bytes. */
export const MIN_ENTRY_BYTES = 100
/** Largest encoded entry, in bytes: a re-key of a team of 500 members fits. */
export const MAX_ENTRY_BYTES = 4 * 1024 * 1024
/** Most entries of one stream in one message. */
export const MAX_ENTRIES = 2000
