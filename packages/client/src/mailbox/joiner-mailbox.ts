import type { KeyPair } from '@countersign/crypto/key-pair'
import { sign } from '@countersign/crypto/sign'
import { PROTOCOL, type ServerMessage } from '@countersign/schema/wire'
import { ClientError } from '../client-error.ts'
import { Exchange } from '../replica/exchange.ts'
import type { Connector } from '../transport/connector.ts'
import { MAILBOX_LOGIN_PURPOSE, mailboxLoginStatement } from '../transport/login.ts'
import { openSession, SESSION_TIMING, type Session, type SessionTiming } from '../transport/session.ts'
import type { MailboxWire, MailboxWireEvents } from './mailbox-wire.ts'

export interface JoinerOptions {
  readonly connect: Connector
  readonly url: string
  readonly server: Uint8Array
  /** The invite's own key: its public key names the mailbox. */
  readonly key: KeyPair
  /** 32 random bytes by which the server knows this joiner again; kept over restarts. */
  readonly clientNonce: Uint8Array
  readonly events: MailboxWireEvents
  readonly timing?: SessionTiming & { readonly firstRetryMs: number; readonly longestRetryMs: number }
  readonly answerMs?: number
}

const PATIENCE_MS = 8000
const TIMING = { ...SESSION_TIMING, firstRetryMs: 250, longestRetryMs: 10_000 }

/** Refusals after which the same attempt cannot succeed. */
const FINAL = new Set([
  'mailbox.used',
  'mailbox.expired',
  'mailbox.unknown',
  'server.changed',
  'server.protocol',
  'server.bad_address',
  'protocol.unsupported',
])

/** The newcomer's side of a mailbox: a connection of its own, by the invite's key, kept up until it is closed or refused. */
export const joinerMailbox = (options: JoinerOptions): MailboxWire => {
  const { events, timing = TIMING } = options
  const exchange = new Exchange(options.answerMs ?? 20_000)
  let session: Session | null = null
  let timer: ReturnType<typeof setTimeout> | null = null
  let failures = 0
  let closed = false
  const waiting: (() => void)[] = []
  const release = (): void => {
    for (const resolve of waiting.splice(0)) resolve()
  }
  /** Until joined, closed or patience runs out. */
  const settled = async (): Promise<void> => {
    if (session !== null || closed) return
    await new Promise<void>((resolve) => {
      const patience = setTimeout(resolve, PATIENCE_MS)
      waiting.push(() => {
        clearTimeout(patience)
        resolve()
      })
    })
  }

  const down = (error: ClientError): void => {
    session = null
    exchange.abandon()
    if (closed) return
    events.onConnection?.(false)
    if (FINAL.has(error.code)) {
      closed = true
      release()
      events.onRefused({ code: error.code, message: error.message })
      return
    }
    const waitMs = Math.min(timing.longestRetryMs, timing.firstRetryMs * 2 ** failures)
    failures = Math.min(failures + 1, 20)
    timer = setTimeout(() => void connect(), waitMs / 2 + (Math.random() * waitMs) / 2)
  }

  const handle = async (message: ServerMessage, on: Session): Promise<void> => {
    if (message.type === 'mailbox.joined') {
      failures = 0
      session = on
      release()
      events.onConnection?.(true)
    } else if (message.type === 'mailbox') {
      events.onSlot(message.slot, message.blob)
    } else {
      await exchange.answer(message)
    }
  }

  const connect = async (): Promise<void> => {
    let ending: ClientError | null = null
    try {
      const opened: Session = await openSession({
        connect: options.connect,
        url: options.url,
        server: options.server,
        clientNonce: options.clientNonce,
        timing,
        events: {
          onMessage: (message) => {
            if (message.type === 'refused' && message.ref === null) {
              ending = new ClientError(message.code, message.message)
              opened.close()
            } else {
              handle(message, opened).catch(() => opened.close())
            }
          },
          onClose: (error) => down(ending ?? error),
        },
      })
      if (closed) return opened.close()
      const { server, serverNonce, clientNonce } = opened
      const mailbox = options.key.publicKey
      const statement = mailboxLoginStatement({ server, serverNonce, clientNonce, mailbox })
      const signature = sign(options.key.secretKey, MAILBOX_LOGIN_PURPOSE, statement)
      opened.send({ type: 'mailbox.join', protocol: PROTOCOL, mailbox, clientNonce, signature })
    } catch (cause) {
      down(
        cause instanceof ClientError
          ? cause
          : new ClientError('server.failed', 'connecting failed', { cause }),
      )
    }
  }
  void connect()

  return {
    post: async (slot, blob) => {
      await settled()
      const mailbox = options.key.publicKey
      const reply = await exchange.ask(session, (ref) => ({ type: 'mailbox.post', ref, mailbox, slot, blob }))
      if (reply === null) return { code: 'offline', message: 'The server cannot be reached now.' }
      return reply.type === 'refused' ? { code: reply.code, message: reply.message } : null
    },
    close: async () => {
      closed = true
      if (timer !== null) clearTimeout(timer)
      release()
      session?.close()
      exchange.abandon()
    },
  }
}
