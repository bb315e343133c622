import type { Alarm } from './alarm.ts'
import type { Witness } from './seen-book.ts'

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
  readonly alarm: Alarm | null
}
