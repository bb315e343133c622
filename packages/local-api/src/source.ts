/**
 * The port that the core program implements and the local API serves from: over an unlocked session, or over the keyless one.
 *
 * The division of work: the source knows the verified ledger, opens values, and writes audit records. The local API does everything
 * that is HTTP, tokens and claims, callers, scope and lease, and answers only after `audit` has resolved.
 */
import type { AuditRecord } from '@countersign/schema/audit'
import type { BindingAsk, BindingState } from '@countersign/schema/local-api'
import type { Mode } from '@countersign/schema/mode'
import type { ProblemCode } from '@countersign/schema/problem'
import type { Caller, Terms } from '@countersign/schema/request'
import type { BoundSender } from '@countersign/schema/sender'

/** An expected refusal. `detail` says what is particular to this time; never a value, a token or a key. */
export interface Refusal {
  readonly ok: false
  readonly code: ProblemCode
  readonly detail?: string
  readonly candidates?: readonly string[]
  readonly retryAfterMs?: number
}
export type Result<T> = (T & { readonly ok: true }) | Refusal

export interface Decision {
  readonly decision: 'approved' | 'denied' | 'cancelled' | 'released' | 'revoked'
  readonly by: string
  readonly at: number
  readonly reason: string
}

/**
 * One binding request of this installation. Read on every call: keep the object and replace it when the ledger moves.
 * `terms` are the granted ones once granted (as narrowed), before that the ones asked.
 */
export interface BindingSnapshot {
  readonly id: string
  readonly state: BindingState
  readonly application: string
  readonly code: string
  readonly terms: Terms
  readonly narrowed: boolean
  /** As recorded in the request. */
  readonly caller: Caller
  readonly decisions: readonly Decision[]
  /** How many approvals the policy still wants; 0 when it stands. */
  readonly missing: number
  /** Pending: when the request lapses. Granted: when the grant ends. ms since the epoch. */
  readonly expiresAt: number
  /** For how long the environment's policy lets reads go on that the audit cannot take: `maxUnrecordedMs`, 0 where it does not. */
  readonly maxUnrecordedMs: number
}

/** An item the references `cs://vault/environment/item` name, with what the ledger and its meta blob say of it. */
export interface LocatedItem {
  readonly vaultName: string
  readonly environmentName: string
  readonly name: string
  readonly environment: string
  readonly item: string
  readonly provider: string
  readonly fields: readonly string[]
  /** Current version. */
  readonly version: number
  readonly updatedAt: number
}

export interface OpenedCredential {
  readonly version: number
  /** Field name → value. Put into an answer; that answer is kept, and wiped, as `PreparedReads` says. */
  readonly fields: Readonly<Record<string, string>>
  /** How old what is served is: 0 while the server is reached, else since its last word (the `Age` header). */
  readonly ageMs: number
}

/** For `/health` and `/metrics`: never a name or a value. Times are ms since the epoch, null: never. */
export interface SourceHealth {
  readonly phase: 'empty' | 'joining' | 'locked' | 'unlocked' | 'removed' | 'alarm'
  readonly tryOut: boolean
  readonly connection: 'offline' | 'connecting' | 'catching_up' | 'live' | 'refused' | 'alarm'
  readonly lastServerContact: number | null
  readonly lastWitness: number | null
  readonly servesUntil: number | null
  readonly pendingChanges: number
}

export type SourceEvent =
  /** Anything about this binding changed: read `binding(id)` again. */
  | { readonly type: 'binding'; readonly id: string }
  /** A new current version. */
  | {
      readonly type: 'rotated'
      readonly environment: string
      readonly item: string
      readonly version: number
    }
  | { readonly type: 'mode'; readonly mode: Mode }

/** What the local API keeps of a binding on this installation (P22). `put` seals it under the store key. */
export interface TokenRecord {
  readonly binding: string
  /** 32 bytes each; the token's is null until one was handed out. */
  readonly claimHash: Uint8Array
  readonly tokenHash: Uint8Array | null
  /** The token was used at least once: the claim is spent. */
  readonly used: boolean
  /** Reads served, counted only where the lease limits them. */
  readonly uses: number
  /** The process a lease is tied to; null if none. `startTime` in clock ticks since boot tells a reused pid apart. */
  readonly process: { readonly pid: number; readonly startTime: string } | null
  /** For leases until lock: the random name of the session that issued the token. */
  readonly session: string | null
  /** Of a sender-constrained binding: the program's public keys, and the pair that signs its answers. */
  readonly sender: BoundSender | null
}

/** Token records sealed at rest; `put` and `remove` resolve when durable. */
export interface TokenStore {
  load(): Promise<readonly TokenRecord[]>
  put(record: TokenRecord): Promise<void>
  remove(binding: string): Promise<void>
}

/** Something a person should see in the app. */
export interface Alert {
  readonly code:
    | 'claim.used'
    | 'token.in_url'
    | 'caller.changed'
    | 'port.taken'
    | 'proof.invalid'
    | 'request.storm'
  readonly binding: string | null
  readonly message: string
}

export interface BindingRequested {
  readonly id: string
  readonly code: string
  /** ms since the epoch: when the request lapses. */
  readonly expiresAt: number
  readonly items: readonly LocatedItem[]
}

interface CommonSource {
  health(): SourceHealth
  /**
   * Resolves when the records are durable here; rejects when they are not, and where the disk is why, with what `isDiskRefusal` knows.
   * Called with up to 4096 at a time, one call at a time.
   */
  audit(records: readonly AuditRecord[]): Promise<void>
  alert(alert: Alert): void
}

/** The keyless core (P13): well-formed tokens get 423, and denials are audited. */
export interface LockedSource extends CommonSource {
  readonly state: 'locked'
}

export interface UnlockedSource extends CommonSource {
  readonly state: 'unlocked'
  /** Never `locked`. Cheap: read on every call. */
  mode(): Mode
  /**
   * A number that is another one whenever `binding`, `locate`, `item` or `open` may answer differently than before: an entry came, the
   * connection, an alarm, a limit of time. Cheap: read on every call. What was answered under a number may be given again under it.
   */
  stamp(): number
  /**
   * Writes `request.create`; resolves when the server has it. `items` are what was asked for, as there are now. Refuses with `target.*`,
   * `credential.ambiguous`, `lease.too_long`, `binding.too_many`, `mode.refused`.
   */
  requestBinding(ask: BindingAsk, caller: Caller): Promise<Result<BindingRequested>>
  /** Synchronous, from verified state; undefined for anything not asked for by this installation's member and device. */
  binding(id: string): BindingSnapshot | undefined
  /** The program gives it back: withdraws a pending request, revokes a grant. */
  giveBack(id: string): Promise<Result<object>>
  /** Names (or an item id) → item. Refuses with `credential.unknown` or `credential.ambiguous` (with candidate references by id). */
  locate(vault: string, environment: string, item: string): Result<{ readonly item: LocatedItem }>
  /** By id, for listing a binding's terms; undefined where deleted or not visible. */
  item(environment: string, item: string): LocatedItem | undefined
  /**
   * Opens a value this binding's grant released to this device (or that the member holds); `version` null: current. Refuses with
   * `credential.version_unknown`, `release.awaited`, `freshness.expired`, `device.turned_away`, `alarm`. May answer at once: the hot path.
   */
  open(
    binding: BindingSnapshot,
    item: LocatedItem,
    version: number | null,
  ):
    | Result<{ readonly credential: OpenedCredential }>
    | Promise<Result<{ readonly credential: OpenedCredential }>>
  /** Returns the function that ends it. */
  onEvent(listener: (event: SourceEvent) => void): () => void
  readonly tokens: TokenStore
}

export type VaultSource = UnlockedSource | LockedSource
