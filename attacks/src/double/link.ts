import { randomBytes } from '@countersign/crypto/random'
import type { StreamName } from '@countersign/schema/ids'
import {
  type ClientMessage,
  decodeClientMessage,
  encodeMessage,
  type ServerMessage,
} from '@countersign/schema/wire'
import type { WebSocket } from 'ws'

/** Turns one message the server would say into what it says instead. */
export type Tamper = (message: ServerMessage, link: Link) => readonly ServerMessage[]

/** One client's connection, from the server's side. */
export class Link {
  readonly nonce = randomBytes(32)
  /** Everything this client said, in order. */
  readonly said: ClientMessage[] = []
  /** Who logged in; null before, and for a joiner. */
  device: string | null = null
  mailbox: string | null = null
  readonly #socket: WebSocket
  readonly #tamper: () => Tamper
  #open = true

  constructor(socket: WebSocket, tamper: () => Tamper) {
    this.#socket = socket
    this.#tamper = tamper
    socket.on('close', () => {
      this.#open = false
    })
    // A client that ends the connection on us is what several attacks are about.
    socket.on('error', () => {})
  }

  get open(): boolean {
    return this.#open
  }

  /** Null: not a message this protocol has, so not from a client of ours. */
  read(frame: Uint8Array): ClientMessage | null {
    try {
      const message = decodeClientMessage(frame)
      this.said.push(message)
      return message
    } catch {
      return null
    }
  }

  /** What the server says, after the tampering. */
  tell(message: ServerMessage): void {
    for (const each of this.#tamper()(message, this)) this.tellExactly(encodeMessage(each))
  }

  tellExactly(frame: Uint8Array | string): void {
    if (this.#open) this.#socket.send(frame)
  }

  entries(stream: StreamName, from: number, entries: readonly Uint8Array[], ref: number | null = null): void {
    this.tell({ type: 'entries', ref, stream, from, entries: [...entries] })
  }

  close(): void {
    this.#socket.terminate()
  }
}
