import { equalBytes } from '@countersign/crypto/hash'
import { randomBytes } from '@countersign/crypto/random'
import {
  type ClientMessage,
  decodeServerMessage,
  encodeMessage,
  MAX_FRAME_BYTES,
  PROTOCOL,
  type ServerMessage,
} from '@countersign/schema/wire'
import { ClientError } from '../client-error.ts'
import type { Connection, Connector } from './connector.ts'
import { withoutServerText } from './server-words.ts'

export interface SessionTiming {
  /** A silent server is asked for a sign of life after this long … */
  readonly heartbeatMs: number
  /** … and given up after this long without any message; also the limit for its first message. */
  readonly silenceMs: number
}

export const SESSION_TIMING: SessionTiming = { heartbeatMs: 20_000, silenceMs: 45_000 }

export interface SessionEvents {
  /** Every message but challenge and pong, in order. */
  onMessage(message: ServerMessage): void
  /** Any message at all: the server is there. */
  onContact?(): void
  /** Once. `error` says why when it was not closed here. */
  onClose(error: ClientError): void
}

export interface Session {
  readonly server: Uint8Array
  readonly serverNonce: Uint8Array
  readonly clientNonce: Uint8Array
  send(message: ClientMessage): void
  /** A number for `ref`, unique on this connection. */
  nextRef(): number
  pause(): void
  resume(): void
  close(): void
}

export interface SessionOptions {
  readonly connect: Connector
  readonly url: string
  /** The server's id as it is pinned; null at first contact. Another one refuses with `server.changed`. */
  readonly server: Uint8Array | null
  /** A joiner keeps its nonce over reconnects; otherwise a fresh one. */
  readonly clientNonce?: Uint8Array
  readonly timing?: SessionTiming
  readonly events: SessionEvents
}

const notAChallenge = (): ClientError =>
  new ClientError('server.malformed', 'the server did not begin with one challenge')

const challengeFault = (message: ServerMessage, pinned: Uint8Array | null): ClientError | null => {
  if (message.type === 'refused') return new ClientError(message.code, message.message)
  if (message.type === 'draining') return new ClientError('server.draining', 'the server is going away')
  if (message.type !== 'challenge') return notAChallenge()
  if (pinned === null || equalBytes(pinned, message.server)) return null
  return new ClientError(
    'server.changed',
    'this address answers as another server than the one this team is on',
  )
}

/**
 * Connects and waits for the server's challenge. Rejects with ClientError: `server.unreachable`, `server.silent`,
 * `server.changed`, `server.protocol` (another protocol version), `server.malformed` (a frame that is not one).
 */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const { timing = SESSION_TIMING, events } = options
  const clientNonce = options.clientNonce ?? randomBytes(32)
  let connection: Connection | undefined
  let refs = 0
  let lastFrameAt = performance.now()
  let ended: ClientError | undefined
  let welcomeChallenge: (challenge: { server: Uint8Array; serverNonce: Uint8Array }) => void = () => {}
  let refuseChallenge: (error: ClientError) => void = () => {}
  let challenged = false
  let handedOut = false
  let paused = false

  const end = (error: ClientError): void => {
    if (ended !== undefined) return
    ended = error
    clearInterval(timer)
    connection?.close()
    if (handedOut) events.onClose(error)
    else refuseChallenge(error)
  }

  const send = (message: ClientMessage): void => {
    const frame = encodeMessage(message)
    if (frame.length > MAX_FRAME_BYTES) throw new ClientError('frame.too_large', 'the message is too large')
    if (ended === undefined) connection?.send(frame)
  }

  const timer = setInterval(
    () => {
      // While paused the silence is ours.
      if (paused) lastFrameAt = performance.now()
      const silentMs = performance.now() - lastFrameAt
      if (silentMs >= timing.silenceMs) end(new ClientError('server.silent', 'the server stopped answering'))
      else if (challenged && silentMs >= timing.heartbeatMs) send({ type: 'ping', ref: refs++ })
    },
    Math.max(10, Math.min(timing.heartbeatMs, timing.silenceMs) / 4),
  )

  const challenge = new Promise<{ server: Uint8Array; serverNonce: Uint8Array }>((resolve, reject) => {
    welcomeChallenge = resolve
    refuseChallenge = reject
  })
  challenge.catch(() => {})

  const receive = (message: ServerMessage): void => {
    if (handedOut) {
      events.onContact?.()
      if (message.type === 'challenge') end(notAChallenge())
      else if (message.type !== 'pong') events.onMessage(message)
      return
    }
    const fault = challenged ? notAChallenge() : challengeFault(message, options.server)
    if (fault !== null || message.type !== 'challenge') {
      end(fault ?? notAChallenge())
      return
    }
    challenged = true
    welcomeChallenge(message)
  }

  try {
    connection = await options.connect(options.url, {
      onFrame: (frame) => {
        if (ended !== undefined) return
        lastFrameAt = performance.now()
        let message: ServerMessage
        try {
          message = withoutServerText(decodeServerMessage(frame))
        } catch (cause) {
          const code = challenged ? 'server.malformed' : 'server.protocol'
          const text = `the server sent something this version (protocol ${PROTOCOL}) does not know`
          end(new ClientError(code, text, { cause }))
          return
        }
        receive(message)
      },
      onClose: (reason) => end(new ClientError('server.closed', reason)),
    })
  } catch (cause) {
    clearInterval(timer)
    if (cause instanceof ClientError) throw cause
    throw new ClientError('server.unreachable', 'the server could not be reached', { cause })
  }
  // It may have ended while the connector was still handing it over.
  if (ended !== undefined) connection.close()
  const { server, serverNonce } = await challenge
  if (ended !== undefined) throw ended
  handedOut = true
  const open = connection
  return {
    server,
    serverNonce,
    clientNonce,
    send,
    nextRef: () => refs++,
    pause: () => {
      paused = true
      open.pause()
    },
    resume: () => {
      paused = false
      open.resume()
    },
    close: () => end(new ClientError('server.closed', 'closed here')),
  }
}
