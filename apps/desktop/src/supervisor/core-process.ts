import type { HostMessage, StartMessage } from '../shared/host-protocol.ts'

export type StartCause = StartMessage['cause']

/**
 * One running core program. Two adapters: an Electron utilityProcess, a plain Node child process.
 * `Port` is what the adapter can transfer (a MessagePortMain), `never` where it can transfer nothing.
 */
export interface CoreProcess<Port> {
  readonly pid: number | undefined
  send(message: HostMessage, port?: Port): void
  /** At once and without asking (SIGKILL): nothing of the process runs after this. */
  kill(): void
  onMessage(listener: (raw: unknown) => void): void
  /** Exactly once. */
  onExit(listener: () => void): void
}

export type SpawnCore<Port> = () => CoreProcess<Port>
