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

/** The open socket of a process, as its system lists it. */
export interface OpenSocket {
  readonly pid: number
  readonly fd: string
  readonly inode: string
}

/** `hash`: SHA-256 of the file that is mapped; `file`: its device, inode, size and times, which tell it from any other and from itself once written to. */
export interface SeenExecutable {
  readonly path: string
  readonly hash: Uint8Array
  readonly file: string
  readonly process: ProcessId
  /** The caller's end of the connection it was found by. */
  readonly socket: OpenSocket
}

/** Per operating system. Best effort and bounded in time: none of these throws. */
export interface CallerFinder {
  /** Whether the system tells whose every open TCP connection is: nobody's is then one that hides. */
  readonly tellsUsers: boolean
  /** The user id of the peer, null where it cannot be told. */
  userOf(connection: Socket): Promise<number | null>
  /** Everything worth showing to an approver. */
  describe(connection: Socket): Promise<SeenCaller>
  /** Just the executable and the process, for comparing with a binding. */
  executableOf(connection: Socket): Promise<SeenExecutable | null>
  /** Whether the process still has this end of the connection open. Asks the system at once; false too where that cannot be told. */
  holdsSocket(socket: OpenSocket): boolean
  /**
   * Whether the process that was seen (not a later one with its pid) is there and runs the same file. Asks the system at once; false too
   * where that cannot be told.
   */
  runsSameFile(seen: SeenExecutable): boolean
  /** Whether this very process still runs. */
  isAlive(process: ProcessId): boolean
}
