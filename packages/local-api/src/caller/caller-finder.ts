import type { Socket } from 'node:net'
import type { Caller } from '@countersign/schema/request'

/** A process told apart from a later one with the same pid. `startTime`: clock ticks since boot, as text. */
export interface ProcessId {
  readonly pid: number
  readonly startTime: string
}

/** What could be seen of the program at the other end. Observed, never proved; null parts could not be seen. */
export interface SeenCaller {
  readonly caller: Caller
  readonly process: ProcessId | null
}

/** `hash`: SHA-256 of the file that is mapped. */
export interface SeenExecutable {
  readonly path: string
  readonly hash: Uint8Array
  readonly process: ProcessId
}

/** Per operating system. Best effort and bounded in time: none of these throws. */
export interface CallerFinder {
  /** The user id of the peer, null where it cannot be told. */
  userOf(connection: Socket): Promise<number | null>
  /** Everything worth showing to an approver. */
  describe(connection: Socket): Promise<SeenCaller>
  /** Just the executable and the process, for comparing with a binding. */
  executableOf(connection: Socket): Promise<SeenExecutable | null>
  /** What a process found earlier runs now; null if that very process is gone. */
  executableNow(process: ProcessId): Promise<SeenExecutable | null>
  /** Whether this very process still runs. */
  isAlive(process: ProcessId): boolean
}
