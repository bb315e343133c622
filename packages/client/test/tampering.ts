import { decodeServerMessage, encodeMessage, type ServerMessage } from '@countersign/schema/wire'
import type { Connector } from '../src/transport/connector.ts'
import { wsConnector } from '../src/transport/ws-connector.ts'

/** What a hostile server makes of one of its messages: others, more, or none. */
export type Tamper = (message: ServerMessage) => readonly ServerMessage[]

/** The real server with a hostile one in front of it, which rewrites what it says. */
export const tampering =
  (tamper: Tamper, connect: Connector = wsConnector): Connector =>
  (url, events) =>
    connect(url, {
      ...events,
      onFrame: (frame) => {
        for (const message of tamper(decodeServerMessage(frame))) events.onFrame(encodeMessage(message))
      },
    })

export interface Leash {
  readonly connect: Connector
  /** Ends every connection, as a broken network does. */
  cut(): void
  /** While held back, the server's messages are lost. */
  deaf: boolean
}

/** Connections that a test can break. */
export const leash = (inner: Connector = wsConnector): Leash => {
  const cuts = new Set<() => void>()
  const self: Leash = {
    deaf: false,
    cut: () => {
      for (const each of [...cuts]) each()
    },
    connect: async (url, events) => {
      const connection = await inner(url, {
        onFrame: (frame) => {
          if (!self.deaf) events.onFrame(frame)
        },
        onClose: (reason) => {
          cuts.delete(end)
          events.onClose(reason)
        },
      })
      const end = (): void => connection.close()
      cuts.add(end)
      return connection
    },
  }
  return self
}
