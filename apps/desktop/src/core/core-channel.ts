import { type CoreMessage, type HostMessage, hostMessageSchema } from '../shared/host-protocol.ts'

/** One end of a message channel to a ceremony window (Electron's MessagePortMain). */
export interface CeremonyPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown }) => void): unknown
  on(event: 'close', listener: () => void): unknown
  start(): void
  close(): void
}

/** How the core talks to whoever started it. */
export interface CoreChannel {
  send(message: CoreMessage): void
  /** `port` comes with `ceremonyPort` only. Messages of another shape end the channel: the host is not what it should be. */
  onMessage(listener: (message: HostMessage, port: CeremonyPort | null) => void): void
  /** The host is gone, or sent what is no message of this protocol. */
  onClosed(listener: () => void): void
}

/** Electron's `process.parentPort`, as far as it is used here. */
interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', listener: (event: { data: unknown; ports: CeremonyPort[] }) => void): unknown
  on(event: 'close', listener: () => void): unknown
}

const isParentPort = (value: unknown): value is ParentPort =>
  typeof value === 'object' && value !== null && 'postMessage' in value

const electronChannel = (parent: ParentPort): CoreChannel => {
  const closed: (() => void)[] = []
  parent.on('close', () => {
    for (const listener of closed) listener()
  })
  return {
    send: (message) => parent.postMessage(message),
    onMessage: (listener) => {
      parent.on('message', ({ data, ports }) => {
        const parsed = hostMessageSchema.safeParse(data)
        if (parsed.success) listener(parsed.data, ports[0] ?? null)
        else for (const each of closed) each()
      })
    },
    onClosed: (listener) => closed.push(listener),
  }
}

const nodeChannel = (): CoreChannel => {
  const closed: (() => void)[] = []
  process.on('disconnect', () => {
    for (const listener of closed) listener()
  })
  return {
    // A host that has just died is reported by `disconnect`, not by a failed send.
    send: (message) => process.send?.(message, undefined, undefined, () => undefined),
    onMessage: (listener) => {
      process.on('message', (data) => {
        const parsed = hostMessageSchema.safeParse(data)
        if (parsed.success) listener(parsed.data, null)
        else for (const each of closed) each()
      })
    },
    onClosed: (listener) => closed.push(listener),
  }
}

/** The channel of this process: an Electron utilityProcess, or a Node child with an IPC channel; null for neither. */
export const openCoreChannel = (): CoreChannel | null => {
  const parent: unknown = Reflect.get(process, 'parentPort')
  if (isParentPort(parent)) return electronChannel(parent)
  return process.send === undefined ? null : nodeChannel()
}
