// Numbers alone: pages show them, and a page that loaded the schemas would load what compiles them.

/** The longest `maxUnrecordedMs` a policy may set. */
export const MAX_UNRECORDED_MS = 3_600_000
/** Reads that one binding repeats without a record before the disk takes records again, however long the policy allows. */
export const MAX_UNRECORDED_READS = 1000
