import type { KeyPair } from '@countersign/crypto/key-pair'
import { sign } from '@countersign/crypto/sign'
import { LEDGER } from '@countersign/schema/ids'
import { type Cursor, PROTOCOL, type ServerMessage } from '@countersign/schema/wire'
import { ClientError } from '../client-error.ts'
import type { Connector } from '../transport/connector.ts'
import {
  LOGIN_PURPOSE,
  loginStatement,
  MEMBER_LOGIN_PURPOSE,
  memberLoginStatement,
} from '../transport/login.ts'
import { openSession, type Session, type SessionTiming } from '../transport/session.ts'
import type { DeviceIdentity } from './device-identity.ts'

export interface LinkTiming extends SessionTiming {
  readonly firstRetryMs: number
  readonly longestRetryMs: number
  /** A server that refused us is asked again this rarely. */
  readonly refusedRetryMs: number
}

export const LINK_TIMING: LinkTiming = {
  heartbeatMs: 20_000,
  silenceMs: 45_000,
  firstRetryMs: 250,
  longestRetryMs: 30_000,
  refusedRetryMs: 60_000,
}

/** Asking again soon does not help: the server, or this device's place in the team, is not what it was. */
const REFUSING = new Set([
  'server.changed',
  'server.protocol',
  'server.bad_address',
  'login.refused',
  'protocol.unsupported',
])

export interface LinkEvents {
  onConnecting(): void
  /** Logged in has been asked for; the server's welcome comes as a message. */
  onMessage(message: ServerMessage, session: Session): void
  onContact(): void
  onDown(error: ClientError, refused: boolean): void
}

interface LinkOptions {
  readonly identity: DeviceIdentity
  readonly connect: Connector
  readonly timing: LinkTiming
  readonly cursors: () => Cursor[]
  /** Whether the ledger, as far as it is here, has this device. */
  readonly deviceKnown: () => boolean
  readonly events: LinkEvents
}

/** Keeps one logged-in connection to the team's server: connects, logs in, and does so again after every break, later and later. */
export class ServerLink {
  readonly #options: LinkOptions
  #session: Session | null = null
  /** Logged in as the member, to add this device. */
  #asMember = false
  #timer: ReturnType<typeof setTimeout> | null = null
  #failures = 0
  #stopped = false

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get session(): Session | null {
    return this.#session
  }

  start(): void {
    this.#stopped = false
    void this.#connect()
  }

  /** For good, until `start`. */
  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#session?.close()
  }

  /** Tries at once instead of at the end of the current wait. */
  hurry(): void {
    if (this.#timer === null || this.#stopped) return
    clearTimeout(this.#timer)
    this.#timer = null
    void this.#connect()
  }

  /** The ledger has this device now: a connection that was the member's ends, and the device logs in. */
  useDevice(): void {
    if (this.#asMember) this.#session?.close()
  }

  /** The connection is good: the next break starts from the shortest wait. */
  settled(): void {
    this.#failures = 0
  }

  async #connect(): Promise<void> {
    const { identity, connect, timing, events } = this.#options
    events.onConnecting()
    let refusal: ClientError | null = null
    let open: Session | null = null
    try {
      const session = await openSession({
        connect,
        url: identity.server.url,
        server: identity.server.id,
        timing,
        events: {
          onContact: () => events.onContact(),
          onMessage: (message) => {
            if (message.type === 'refused' && message.ref === null) {
              refusal = new ClientError(message.code, message.message)
              open?.close()
            } else if (message.type === 'draining') {
              refusal = new ClientError('server.draining', 'the server is going away')
              open?.close()
            } else if (open !== null) {
              events.onMessage(message, open)
            }
          },
          onClose: (error) => this.#down(refusal ?? error),
        },
      })
      open = session
      if (this.#stopped || refusal !== null) return session.close()
      this.#session = session
      const { memberSign } = identity
      if (memberSign === undefined || this.#options.deviceKnown()) this.#hello(session)
      else this.#helloMember(session, memberSign)
    } catch (cause) {
      this.#down(
        cause instanceof ClientError
          ? cause
          : new ClientError('server.failed', 'connecting failed', { cause }),
      )
    }
  }

  #hello(session: Session): void {
    const { server, serverNonce, clientNonce } = session
    const { team, device, signKey } = this.#options.identity
    const statement = loginStatement({ server, serverNonce, clientNonce, team, device })
    const signature = sign(signKey.secretKey, LOGIN_PURPOSE, statement)
    const cursors = this.#options.cursors()
    session.send({ type: 'hello', protocol: PROTOCOL, team, device, clientNonce, signature, cursors })
  }

  #helloMember(session: Session, memberSign: KeyPair): void {
    const { server, serverNonce, clientNonce } = session
    const { team, member, device } = this.#options.identity
    const statement = memberLoginStatement({ server, serverNonce, clientNonce, team, member, device })
    const signature = sign(memberSign.secretKey, MEMBER_LOGIN_PURPOSE, statement)
    const ledger = this.#options.cursors().find(({ stream }) => stream === LEDGER)?.head ?? null
    this.#asMember = true
    session.send({
      type: 'hello.member',
      protocol: PROTOCOL,
      team,
      member,
      device,
      clientNonce,
      signature,
      ledger,
    })
  }

  #down(error: ClientError): void {
    this.#session = null
    this.#asMember = false
    const refused = REFUSING.has(error.code)
    this.#options.events.onDown(error, refused)
    if (this.#stopped || this.#timer !== null) return
    const { firstRetryMs, longestRetryMs, refusedRetryMs } = this.#options.timing
    const longest = refused ? refusedRetryMs : Math.min(longestRetryMs, firstRetryMs * 2 ** this.#failures)
    this.#failures = Math.min(this.#failures + 1, 20)
    // Half fixed, half random: many clients of one restarted server do not come back at once.
    const waitMs = longest / 2 + (Math.random() * longest) / 2
    this.#timer = setTimeout(() => {
      this.#timer = null
      void this.#connect()
    }, waitMs)
  }
}
