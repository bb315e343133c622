import type { Policy } from '@countersign/schema/policy'

export interface FreshnessInput {
  readonly now: number
  /** When the server last answered, by this device's clock; null: never. */
  readonly lastServerContact: number | null
  /** Time of the newest statement of another person's device about a history we have; null: none. */
  readonly lastWitness: number | null
  readonly policy: Pick<Policy, 'maxOfflineMs' | 'maxUnwitnessedMs'>
  /** Names or ids of the other active members, whoever could witness; empty in a one-person team. */
  readonly others: readonly string[]
}

export type Freshness =
  | { readonly state: 'fresh'; readonly until: number }
  | {
      readonly state: 'expired'
      readonly code: 'freshness.expired'
      /** Which of the two clocks ran out. */
      readonly which: 'server' | 'witness'
      readonly since: number | null
      readonly whoCouldRefresh: readonly string[]
    }

const SERVER = 'the sync server'

/**
 * Whether what this device knows is recent enough to serve from (P17). Both times are by this device's clock at the latest: a statement that
 * somebody with a fast clock dated in the future counts as made when it was heard. Somebody alone in a team has nobody to witness and is exempt from that half.
 */
export const freshness = (input: FreshnessInput): Freshness => {
  const { now, lastServerContact, lastWitness, policy, others } = input
  const serverUntil =
    lastServerContact === null ? null : Math.min(lastServerContact, now) + policy.maxOfflineMs
  if (serverUntil === null || now > serverUntil) {
    const whoCouldRefresh = [SERVER]
    return {
      state: 'expired',
      code: 'freshness.expired',
      which: 'server',
      since: serverUntil,
      whoCouldRefresh,
    }
  }
  if (others.length === 0) return { state: 'fresh', until: serverUntil }
  const witnessUntil = lastWitness === null ? null : Math.min(lastWitness, now) + policy.maxUnwitnessedMs
  if (witnessUntil === null || now > witnessUntil) {
    const whoCouldRefresh = [...others]
    return {
      state: 'expired',
      code: 'freshness.expired',
      which: 'witness',
      since: witnessUntil,
      whoCouldRefresh,
    }
  }
  return { state: 'fresh', until: Math.min(serverUntil, witnessUntil) }
}
