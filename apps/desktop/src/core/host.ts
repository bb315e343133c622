import type { CoreEvent } from '../shared/contract.ts'
import type { HostMessage } from '../shared/host-protocol.ts'
import type { CeremonyPort, CoreChannel } from './core-channel.ts'

/** An open ceremony window: `port` to talk to it, `done` closes it. */
export interface Ceremony {
  readonly port: CeremonyPort
  /** Called when the person closed the window. */
  onClosed(listener: () => void): void
  done(): void
}

interface CeremonyState {
  opened: (ceremony: Ceremony | null) => void
  closed: (() => void)[]
}

/** What the core asks of its host: windows, the clipboard, the system's key store. */
export class Host {
  readonly #channel: CoreChannel
  readonly #wrapping = new Map<number, (bytes: Uint8Array | null) => void>()
  readonly #choosing = new Map<number, (path: string | null) => void>()
  readonly #ceremonies = new Map<number, CeremonyState>()
  #next = 1

  constructor(channel: CoreChannel) {
    this.#channel = channel
  }

  event(event: CoreEvent): void {
    this.#channel.send({ type: 'event', event })
  }

  clipboard(text: string, clearAfterMs: number): void {
    this.#channel.send({ type: 'clipboard', text, clearAfterMs })
  }

  openSigning(request: string): void {
    this.#channel.send({ type: 'openSigning', request })
  }

  idleLock(idleLockMs: number): void {
    this.#channel.send({ type: 'idleLock', idleLockMs })
  }

  /** Null where the host cannot wrap. */
  wrap(bytes: Uint8Array): Promise<Uint8Array | null> {
    return this.#ask('wrap', bytes)
  }

  unwrap(bytes: Uint8Array): Promise<Uint8Array | null> {
    return this.#ask('unwrap', bytes)
  }

  /** Where the person wants a file, by default under this name; null where they do not. */
  saveAs(name: string): Promise<string | null> {
    return this.#choosePath((id) => this.#channel.send({ type: 'saveAs', id, name }))
  }

  /** Which file the person wants read; null where none. */
  openFile(): Promise<string | null> {
    return this.#choosePath((id) => this.#channel.send({ type: 'openFile', id }))
  }

  /** Null where no window could be opened. */
  openCeremony(purpose: string): Promise<Ceremony | null> {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#ceremonies.set(id, { opened: resolve, closed: [] })
      this.#channel.send({ type: 'ceremony', id, purpose })
    })
  }

  /** Whether the message was an answer to something asked here. */
  receive(message: HostMessage, port: CeremonyPort | null): boolean {
    switch (message.type) {
      case 'wrapped':
        this.#wrapping.get(message.id)?.(message.bytes)
        this.#wrapping.delete(message.id)
        return true
      case 'chosenPath':
        this.#choosing.get(message.id)?.(message.path)
        this.#choosing.delete(message.id)
        return true
      case 'ceremonyPort':
        this.#ceremonyOpened(message.id, port)
        return true
      case 'ceremonyClosed':
        this.#ceremonyClosed(message.id)
        return true
      default:
        return false
    }
  }

  #choosePath(ask: (id: number) => void): Promise<string | null> {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#choosing.set(id, resolve)
      ask(id)
    })
  }

  #ask(type: 'wrap' | 'unwrap', bytes: Uint8Array): Promise<Uint8Array | null> {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#wrapping.set(id, resolve)
      this.#channel.send({ type, id, bytes })
    })
  }

  #ceremonyOpened(id: number, port: CeremonyPort | null): void {
    const state = this.#ceremonies.get(id)
    if (state === undefined || port === null) {
      this.#channel.send({ type: 'ceremonyDone', id })
      state?.opened(null)
      this.#ceremonies.delete(id)
      return
    }
    state.opened({
      port,
      onClosed: (listener) => state.closed.push(listener),
      done: () => {
        if (!this.#ceremonies.delete(id)) return
        port.close()
        this.#channel.send({ type: 'ceremonyDone', id })
      },
    })
  }

  #ceremonyClosed(id: number): void {
    const state = this.#ceremonies.get(id)
    this.#ceremonies.delete(id)
    state?.opened(null)
    for (const listener of state?.closed ?? []) listener()
  }
}
