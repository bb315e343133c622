/** What is known about the person's presence, all in milliseconds. */
export interface Presence {
  /** Since the last input anywhere on the system, as the system says; 0 where it cannot say. */
  systemIdleMs: number
  /** Whether the system ever said anything but 0. */
  systemKnows: boolean
  /** Since the last input in a window of ours. */
  appIdleMs: number
}

/** The system's word where it has one (working elsewhere is not being away), our own windows' otherwise. */
export const idleMs = ({ systemIdleMs, systemKnows, appIdleMs }: Presence): number =>
  systemKnows ? Math.min(systemIdleMs, appIdleMs) : appIdleMs

export const idleLockDue = (presence: Presence, unlocked: boolean, idleLockMs: number): boolean =>
  unlocked && idleMs(presence) >= idleLockMs
