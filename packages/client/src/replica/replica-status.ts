import type { Alarm } from './alarm.ts'
import type { Witness } from './seen-book.ts'
import type { CheckProgress } from './signature-check.ts'

/**
 * `refused`: the server turned this device away, or is another server; asked again rarely. `alarm`: it was caught showing another
 * history; not asked again until a person decides.
 */
export type ConnectionState = 'offline' | 'connecting' | 'catching_up' | 'live' | 'refused' | 'alarm'

export interface ReplicaStatus {
  readonly connection: ConnectionState
  /** Why it is not live: a code and words; null when it is. */
  readonly problem: { readonly code: string; readonly message: string } | null
  /** By this device's clock; null: never. */
  readonly lastServerContact: number | null
  readonly lastWitness: Witness | null
  /** Changes that wait to be sent. */
  readonly pendingIntents: number
  /** How far the signatures of a history that was taken on a later one's are checked (P20); null when all are. */
  readonly checking: CheckProgress | null
  readonly alarm: Alarm | null
}
