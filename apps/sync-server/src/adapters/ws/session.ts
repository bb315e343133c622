import { randomBytes } from '@countersign/crypto/verify'
import { toHex } from '@countersign/schema/hex'
import { type ClientMessage, encodeMessage, PROTOCOL, type ServerMessage } from '@countersign/schema/wire'
import { admit, type ConnectionState, isOverdue } from '../../core/connection.ts'
import { checkGenesis, createdOr, tokenHash } from '../../core/create-team.ts'
import { checkLogin, checkMemberLogin } from '../../core/login.ts'
import { checkJoin, joinerOf } from '../../core/mailbox.ts'
import { isRefusal } from '../../core/parse-batch.ts'
import { parseFrame } from '../../core/parse-frame.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import { StoreError } from '../../core/store-error.ts'
import { TokenBucket } from '../../core/token-bucket.ts'
import type { NodeContext } from '../../node-context.ts'
import { DeviceSession } from './device-session.ts'
import { MailboxSeat } from './mailbox-seat.ts'
import { MemberSession } from './member-session.ts'
import { GOING_AWAY, POLICY_VIOLATION, type Socket } from './socket.ts'

/** Frames of one connection that wait while an earlier one is being handled; then its socket is not read. */
const INBOX_LIMIT = 64

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>

/** One connection: parses and admits each frame, finds out who is there, and hands the rest to the device's or invitee's part. */
export class Session {
  readonly #node: NodeContext
  readonly #socket: Socket
  readonly #serverNonce = randomBytes(32)
  readonly #messages: TokenBucket
  readonly #bytes: TokenBucket
  #state: ConnectionState
  #device: DeviceSession | MemberSession | null = null
  #seat: MailboxSeat
  #inbox: { readonly message: ClientMessage; readonly bytes: number }[] = []
  #working = false

  constructor(node: NodeContext, socket: Socket) {
    const now = node.now()
    this.#node = node
    this.#socket = socket
    this.#messages = new TokenBucket(node.rates.messagesPerConnection, now)
    this.#bytes = new TokenBucket(node.rates.bytesPerConnection, now)
    this.#state = { state: 'greeted', since: now }
    this.#seat = new MailboxSeat(node, (message) => this.#send(message))
    node.metrics.connections.inc({ side: 'greeted' })
    const server = node.store.serverId
    this.#send({ type: 'challenge', protocol: PROTOCOL, server, serverNonce: this.#serverNonce })
  }

  /** A frame came. Never throws for what a peer can send. */
  receive(frame: Uint8Array, isBinary: boolean): void {
    if (this.#state.state === 'closed') return
    const parsed = isBinary
      ? parseFrame(frame)
      : refusal('frame.malformed', 'Text frames are not part of this protocol.')
    if (isRefusal(parsed)) this.#end(parsed)
    else this.#enqueue(parsed.message, frame.length)
  }

  /** The socket is gone. */
  closed(): void {
    this.#leave()
  }

  /** Called now and then: ends what has not said who it is. */
  tick(now: number): void {
    if (isOverdue(this.#state, now))
      this.#end(refusal('login.refused', 'No login came in time. Connect again.'))
  }

  /** The node goes away: says so, so that the client moves on at once. */
  drain(): void {
    this.#send({ type: 'draining' })
    this.#leave()
    this.#socket.close(GOING_AWAY)
  }

  #enqueue(message: ClientMessage, bytes: number): void {
    const now = this.#node.now()
    if (!this.#messages.take(1, now) || !this.#bytes.take(bytes, now)) {
      this.#refuse('ref' in message ? message.ref : null, refusal('rate.limited'))
      return
    }
    this.#inbox.push({ message, bytes })
    if (this.#inbox.length >= INBOX_LIMIT) this.#socket.pause()
    if (!this.#working) void this.#work()
  }

  /** One message after the other: what a message finds is what the ones before it left. */
  async #work(): Promise<void> {
    this.#working = true
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
      if (this.#inbox.length === INBOX_LIMIT - 1) this.#socket.resume()
      const { message, bytes } = next
      try {
        await this.#handle(message, bytes)
      } catch (cause) {
        this.#failed(cause, 'ref' in message ? message.ref : null)
      }
    }
    this.#working = false
  }

  #handle(message: ClientMessage, bytes: number): Promise<void> | undefined {
    const unexpected = admit(this.#state, message.type)
    if (unexpected !== null) {
      this.#end(unexpected)
      return undefined
    }
    switch (message.type) {
      case 'ping':
        this.#send({ type: 'pong', ref: message.ref, time: this.#node.now() })
        return undefined
      case 'create':
        return this.#create(message)
      case 'hello':
        return this.#hello(message)
      case 'hello.member':
        return this.#helloMember(message)
      case 'mailbox.join':
        return this.#join(message)
      case 'mailbox.post':
        if (this.#state.state === 'invitee') {
          const { mailbox, joiner } = this.#state
          if (toHex(message.mailbox) !== mailbox) {
            this.#refuse(message.ref, refusal('mailbox.unknown'))
            return undefined
          }
          return this.#answer(message.ref, this.#seat.post(message, joiner, null))
        }
        return this.#device?.handle(message, bytes)
      default:
        return this.#device?.handle(message, bytes)
    }
  }

  async #create(message: Message<'create'>): Promise<void> {
    const genesis = checkGenesis(message.team, message.entry)
    if ('code' in genesis) return this.#end(genesis)
    const token = tokenHash(message.setupToken)
    const outcome = await this.#node.store.teams.create(message.team, token, genesis)
    const head = createdOr(outcome, genesis)
    if ('code' in head) return this.#end(head)
    this.#node.onTokenUsed(token)
    this.#node.log.info({ outcome }, 'team created')
    this.#send({ type: 'created', team: message.team, head })
  }

  async #hello(message: Message<'hello'>): Promise<void> {
    const team = await this.#node.hub.team(message.team)
    if (this.#state.state !== 'greeted') return
    const login = checkLogin(team, message, this.#node.store.serverId, this.#serverNonce)
    if ('code' in login) return this.#end(login)
    if (team === undefined) return
    if (this.#node.hub.peers(team.team).size >= this.#node.connectionLimits.perTeam) {
      return this.#end(refusal('rate.limited', 'The team has too many connections open. Close some.'))
    }
    const { device } = message
    this.#become({ state: 'device', team: team.team, device, member: login.member })
    const session = new DeviceSession({
      node: this.#node,
      team,
      device,
      member: login.member,
      seat: this.#seat,
      send: (reply) => this.#send(reply),
      refuse: (ref, reason) => this.#refuse(ref, reason),
      end: (reason) => this.#end(reason),
      socket: this.#socket,
    })
    this.#device = session
    await session.welcome(message.cursors)
  }

  async #helloMember(message: Message<'hello.member'>): Promise<void> {
    const { hub, store, returns, now } = this.#node
    const team = await hub.team(message.team)
    if (this.#state.state !== 'greeted') return
    const login = checkMemberLogin(team, message, store.serverId, this.#serverNonce)
    if ('code' in login) return this.#end(login)
    if (team === undefined) return
    // Counted after the signature: nobody uses up another person's.
    if (!returns.take(`${team.team} ${login.member}`, 1, now())) return this.#end(refusal('rate.limited'))
    const { device } = message
    const { member } = login
    this.#become({ state: 'member', team: team.team, device, member, since: now() })
    const session = new MemberSession({
      node: this.#node,
      team,
      device,
      member,
      socket: this.#socket,
      send: (reply) => this.#send(reply),
      refuse: (ref, reason) => this.#refuse(ref, reason),
    })
    this.#device = session
    await session.welcome(message.ledger)
  }

  async #join(message: Message<'mailbox.join'>): Promise<void> {
    const mailbox = toHex(message.mailbox)
    const { store, now } = this.#node
    const record = await store.mailboxes.get(mailbox)
    const refused = checkJoin(record, message, store.serverId, this.#serverNonce, now())
    if (refused !== null || record === undefined) return this.#end(refused ?? refusal('mailbox.unknown'))
    this.#become({ state: 'invitee', mailbox, joiner: joinerOf(message.clientNonce) })
    this.#send({ type: 'mailbox.joined', mailbox: message.mailbox, expiresAt: record.expiresAt })
    this.#seat.listen(record)
  }

  async #answer(ref: number, outcome: Promise<Refusal | null>): Promise<void> {
    const refused = await outcome
    if (refused === null) this.#send({ type: 'ok', ref })
    else this.#refuse(ref, refused)
  }

  #become(next: ConnectionState): void {
    this.#node.metrics.connections.dec({ side: this.#state.state })
    if (next.state !== 'closed') this.#node.metrics.connections.inc({ side: next.state })
    this.#state = next
  }

  #send(message: ServerMessage): void {
    if (this.#state.state !== 'closed') this.#socket.send(encodeMessage(message))
  }

  #refuse(ref: number | null, { code, message }: Refusal): void {
    this.#node.metrics.refusals.inc({ code })
    this.#send({ type: 'refused', ref, code, message })
  }

  /** Says why and closes. */
  #end(reason: Refusal): void {
    if (this.#state.state === 'closed') return
    this.#refuse(null, reason)
    this.#leave()
    this.#socket.close(POLICY_VIOLATION)
  }

  #leave(): void {
    if (this.#state.state === 'closed') return
    this.#become({ state: 'closed' })
    this.#inbox = []
    this.#device?.leave()
    this.#seat.leave()
  }

  #failed(cause: unknown, ref: number | null): void {
    const code = cause instanceof StoreError && cause.code === 'full' ? 'store.full' : 'store.failed'
    this.#node.log.error({ error: errorName(cause), code }, 'a message could not be handled')
    if (ref === null) this.#end(refusal(code))
    else this.#refuse(ref, refusal(code))
  }
}

/** Names an error without its message, which could carry what a peer sent. */
const errorName = (cause: unknown): string =>
  cause instanceof StoreError
    ? `StoreError ${cause.code}`
    : cause instanceof Error
      ? cause.name
      : typeof cause
