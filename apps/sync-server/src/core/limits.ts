/** Catch-up and fetch: what one `entries` message carries at most (at least one entry). */
export const BATCH_LIMIT = { entries: 500, bytes: 256 * 1024 } as const
/** A socket with more than this many bytes waiting is caught up from the store later, not pushed to. */
export const CONGESTED_BYTES = 1024 * 1024
/** How long a connection may stay without having said who it is. */
export const LOGIN_TIMEOUT_MS = 10_000
/** How long a member without a device may take to read the ledger and add one. */
export const RETURN_TIMEOUT_MS = 5 * 60_000
/** A connection that answers no ping for two of these is dropped. */
export const HEARTBEAT_MS = 30_000
export const MAILBOX_MAX_LIFE_MS = 7 * 86_400_000
export const MAILBOX_SLOT_BYTES = 64 * 1024
export const MAILBOXES_PER_TEAM = 100
export const WRAPS_PER_MEMBER = 24
export const WRAP_BYTES = 16 * 1024
/** Appends that one flush takes; what is left waits for the next. */
export const FLUSH_APPENDS = 1024
export const FLUSH_BYTES = 32 * 1024 * 1024
/** How far ahead of this node's clock a device's statement may be. */
export const CLOCK_SKEW_MS = 10 * 60_000
export const NONCE_LIFE_MS = 2 * 60_000

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** A spam fence, far above what people and programs of a team do. */
export interface Rates {
  readonly messagesPerConnection: Rate
  readonly bytesPerConnection: Rate
  readonly entriesPerTeam: Rate
  readonly connectsPerAddress: Rate
  readonly proofsPerAddress: Rate
  /** Logins of a member without a device: each may add one (P11). */
  readonly returnsPerMember: Rate
}

export const DEFAULT_RATES: Rates = {
  messagesPerConnection: { perSecond: 500, burst: 5000 },
  bytesPerConnection: { perSecond: 32 * 1024 * 1024, burst: 512 * 1024 * 1024 },
  entriesPerTeam: { perSecond: 10_000, burst: 400_000 },
  connectsPerAddress: { perSecond: 50, burst: 2000 },
  proofsPerAddress: { perSecond: 1, burst: 30 },
  returnsPerMember: { perSecond: 1 / 60, burst: 10 },
}

export interface ConnectionLimits {
  readonly perTeam: number
  readonly perServer: number
}
export const DEFAULT_CONNECTION_LIMITS: ConnectionLimits = { perTeam: 2000, perServer: 12_000 }
