import type { Head } from '@countersign/schema/entry'
import type { MailboxSlot, SignedSeen, SignedWrap } from '@countersign/schema/wire'

/*
 * The store port: everything a node keeps. Every key begins with a team (or names something that belongs to exactly one
 * team), nothing here opens or interprets an entry. Each adapter passes `test/store-contract.ts`.
 */

/** One entry on its way into the log. `hash` is the entry hash of `bytes`; `id` is unique in its stream. */
export interface LogEntry {
  readonly id: string
  readonly hash: Uint8Array
  readonly bytes: Uint8Array
}

/** Entries for one stream that stands at `expected`; without entries it is a guard, which only compares. */
export interface LogPart {
  readonly stream: string
  readonly expected: Head | null
  readonly entries: readonly LogEntry[]
}

/** Lands as a whole or not at all. A stream is named at most once. */
export interface LogBatch {
  readonly team: string
  readonly parts: readonly LogPart[]
}

/**
 * `appended`: durable now. `repeated`: every entry was already there, byte for byte, at its place.
 * `stale`: a stream stands elsewhere. `id_reused`: the id is taken in that stream by another entry.
 */
export type LogOutcome =
  | { readonly state: 'appended' }
  | { readonly state: 'repeated' }
  | { readonly state: 'stale'; readonly streams: readonly string[] }
  | { readonly state: 'id_reused'; readonly stream: string; readonly id: string }

/** Consecutive entries of one stream that have become durable; the first is number `from`. */
export interface Committed {
  readonly team: string
  readonly stream: string
  readonly from: number
  readonly entries: readonly Uint8Array[]
  readonly head: Head
}

export interface ReadLimit {
  readonly entries: number
  readonly bytes: number
}

export interface LogStore {
  /**
   * Appends in order, each batch against what the ones before it left; resolves once all that landed is durable.
   * Rejects with StoreError when none of them landed.
   */
  append(batches: readonly LogBatch[]): Promise<readonly LogOutcome[]>
  /** Whether every entry of the batch is in the log, byte for byte, at its place. */
  has(batch: LogBatch): Promise<boolean>
  /** Entries from number `from` on, at least one if there is one, else within the limit. */
  read(team: string, stream: string, from: number, limit: ReadLimit): Promise<readonly Uint8Array[]>
  /** The head of every stream of the team that has entries. */
  heads(team: string): Promise<ReadonlyMap<string, Head>>
  /** Hears of everything that became durable after this call, in commit order, before the append resolves. */
  subscribe(listener: (committed: readonly Committed[]) => void): () => void
}

/** `repeated`: the same genesis under the same token, sent again. */
export type CreateOutcome = 'created' | 'repeated' | 'token_unknown' | 'token_used' | 'team_exists'

export interface TeamStore {
  /** Makes a set-up token usable; one that was used stays used. */
  admitToken(tokenHash: Uint8Array): Promise<void>
  /** True while no team was ever created and no token is waiting. */
  needsToken(): Promise<boolean>
  /** Uses up the token and writes the team's first ledger entry, both or neither. */
  create(team: string, tokenHash: Uint8Array, genesis: LogEntry): Promise<CreateOutcome>
}

export interface MailboxRecord {
  /** The invite's public key, in hexadecimal. */
  readonly mailbox: string
  readonly team: string
  /** The member who opened it. */
  readonly member: string
  readonly expiresAt: number
  /** Hash of the nonce of the joiner whose commit was taken; null before. */
  readonly joiner: Uint8Array | null
  readonly slots: ReadonlyMap<MailboxSlot, Uint8Array>
}

export interface MailboxStore {
  /** Opens a mailbox; false if the team has `limit` already or the name is taken. Forgets expired ones of that team. */
  open(mailbox: Omit<MailboxRecord, 'joiner' | 'slots'>, limit: number, now: number): Promise<boolean>
  get(mailbox: string): Promise<MailboxRecord | undefined>
  /** Writes a slot once, and with the first commit its joiner; false if the slot is taken or the mailbox gone. */
  post(mailbox: string, slot: MailboxSlot, blob: Uint8Array, joiner: Uint8Array | null): Promise<boolean>
  close(mailbox: string): Promise<void>
}

export interface RecordStore {
  /** Keeps the statement if it is newer than the device's last; says whether it did. */
  putSeen(seen: SignedSeen): Promise<boolean>
  listSeen(team: string): Promise<readonly SignedSeen[]>
  putWrap(wrap: SignedWrap): Promise<void>
  listWraps(team: string, member: string): Promise<readonly SignedWrap[]>
  /** Marks a nonce as used until `expiresAt`; false if it was used already. */
  useNonce(nonce: Uint8Array, expiresAt: number, now: number): Promise<boolean>
}

/** `full`: reads go on, writes are refused until there is space. `failed`: the store cannot be trusted any more. */
export type StoreMode = 'normal' | 'full' | 'failed'

export interface Store {
  /** 32 random bytes made when the store was made. */
  readonly serverId: Uint8Array
  /** 32 random bytes that never leave the node: authenticates what it hands out and takes back. */
  readonly nodeSecret: Uint8Array
  readonly log: LogStore
  readonly teams: TeamStore
  readonly mailboxes: MailboxStore
  readonly records: RecordStore
  mode(): StoreMode
  /** Tries a durable write of a megabyte that does not stay; the mode follows from how it went. */
  probe(): Promise<StoreMode>
  close(): Promise<void>
}
