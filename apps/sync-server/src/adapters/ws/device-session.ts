import { mayRead } from '@countersign/ledger/projection'
import { toHex } from '@countersign/schema/hex'
import { type ClientMessage, type Cursor, encodeMessage, type ServerMessage } from '@countersign/schema/wire'
import type { AppendReply } from '../../core/append-queue.ts'
import { checkSeen, checkWrap } from '../../core/check-records.ts'
import { Delivery } from '../../core/delivery.ts'
import type { Peer } from '../../core/hub.ts'
import { BATCH_LIMIT, CONGESTED_BYTES, MAILBOXES_PER_TEAM, WRAPS_PER_MEMBER } from '../../core/limits.ts'
import { checkExpiry } from '../../core/mailbox.ts'
import { isRefusal, type ParsedBatch, parseBatch } from '../../core/parse-batch.ts'
import { type Refusal, refusal } from '../../core/refusal.ts'
import type { TeamState } from '../../core/team-state.ts'
import type { NodeContext } from '../../node-context.ts'
import type { MailboxSeat } from './mailbox-seat.ts'
import type { Socket } from './socket.ts'

type Message<T extends ClientMessage['type']> = Extract<ClientMessage, { type: T }>

export interface DeviceSessionOptions {
  readonly node: NodeContext
  readonly team: TeamState
  readonly device: string
  readonly member: string
  readonly seat: MailboxSeat
  readonly socket: Socket
  readonly send: (message: ServerMessage) => void
  readonly refuse: (ref: number | null, reason: Refusal) => void
  readonly end: (reason: Refusal) => void
}

/** A logged-in device: its requests, and what it is sent. */
export class DeviceSession implements Peer {
  readonly device: string
  readonly delivery = new Delivery()
  readonly #options: DeviceSessionOptions
  #pumping = false
  #caughtUp = false
  #left = false

  constructor(options: DeviceSessionOptions) {
    this.#options = options
    this.device = options.device
  }

  /** Answers `hello`: heads, what others have seen, then everything after the cursors. */
  async welcome(cursors: readonly Cursor[]): Promise<void> {
    const { node, team, send } = this.#options
    const seen = await node.store.records.listSeen(team.team)
    const heads = team.readable(this.device)
    const known = new Map(cursors.map((cursor) => [cursor.stream, cursor.head]))
    for (const [stream, head] of heads) {
      const cursor = known.get(stream) ?? null
      this.delivery.follow(stream, cursor === null ? 0 : cursor.seq + 1, head)
    }
    // In one turn: whatever is committed from here on is either in these heads or pushed.
    node.hub.join(team.team, this)
    const listed = [...heads].map(([stream, head]) => ({ stream, head }))
    send({ type: 'welcome', heads: listed.slice(0, 4000), seen: [...seen], time: node.now() })
    this.pump()
  }

  handle(message: ClientMessage, bytes: number): Promise<void> | undefined {
    switch (message.type) {
      case 'append':
        this.#append(message, bytes)
        return undefined
      case 'fetch':
        return this.#fetch(message)
      case 'seen':
        return this.#answer(message.ref, this.#seen(message))
      case 'wrap.put':
        return this.#answer(message.ref, this.#putWrap(message))
      case 'mailbox.open':
        return this.#openMailbox(message)
      case 'mailbox.post':
        return this.#answer(
          message.ref,
          this.#options.seat.post(message, null, {
            team: this.#options.team.team,
            member: this.#options.member,
          }),
        )
      case 'mailbox.close':
        return this.#answer(message.ref, this.#closeMailbox(message))
      default:
        return undefined
    }
  }

  leave(): void {
    this.#left = true
    this.#options.node.hub.leave(this.#options.team.team, this)
  }

  congested(): boolean {
    return this.#options.socket.bufferedBytes() > CONGESTED_BYTES
  }

  push(frame: Uint8Array): void {
    this.#options.socket.send(frame, this.#sent)
  }

  tell(frame: Uint8Array): void {
    if (!this.congested()) this.#options.socket.send(frame)
  }

  end(reason: Refusal): void {
    this.#options.end(reason)
  }

  pump(): void {
    if (!this.#pumping && !this.#left) void this.#pumpAll()
  }

  async #pumpAll(): Promise<void> {
    const { node, team, socket } = this.#options
    this.#pumping = true
    try {
      for (let span = this.delivery.due(); span !== undefined; span = this.delivery.due()) {
        if (this.#left || this.congested()) return
        const entries = await node.store.log.read(team.team, span.stream, span.from, BATCH_LIMIT)
        if (this.#left) return
        if (!this.delivery.take(span, entries.length, team.head(span.stream))) continue
        const { stream, from } = span
        socket.send(
          encodeMessage({ type: 'entries', ref: null, stream, from, entries: [...entries] }),
          this.#sent,
        )
      }
      if (!this.#caughtUp) {
        this.#caughtUp = true
        this.#options.send({ type: 'caught_up' })
      }
    } catch {
      this.#options.end(refusal('store.failed', 'The server could not read. Connect again later.'))
    } finally {
      this.#pumping = false
    }
  }

  /** A frame has left: there may be room again for what was held back. */
  readonly #sent = (): void => {
    if (!this.congested() && this.delivery.due() !== undefined) this.pump()
  }

  async #answer(ref: number, outcome: Promise<Refusal | null>): Promise<void> {
    const refused = await outcome
    if (refused === null) this.#options.send({ type: 'ok', ref })
    else this.#options.refuse(ref, refused)
  }

  #append({ ref, parts }: Message<'append'>, bytes: number): void {
    const { node, team, refuse } = this.#options
    const count = parts.reduce((sum, part) => sum + part.entries.length, 0)
    const batch = node.teamEntries.take(team.team, count, node.now())
      ? parseBatch(team.team, parts)
      : refusal('rate.limited')
    if (isRefusal(batch)) {
      node.metrics.appends.inc({ outcome: batch.code })
      refuse(ref, batch)
      return
    }
    const reply = (outcome: AppendReply) => this.#appended(ref, batch, outcome)
    node.appends.submit({ team, device: this.device, batch, bytes, reply })
  }

  #appended(ref: number, batch: ParsedBatch, reply: AppendReply): void {
    const { node, send, refuse } = this.#options
    if (reply.state === 'appended') {
      node.metrics.appends.inc({ outcome: 'appended' })
      for (const { stream, expected } of batch.parts) {
        const head = reply.heads.find((each) => each.stream === stream)?.head
        const from = expected === null ? 0 : expected.seq + 1
        if (head !== undefined) this.delivery.appended(stream, from, head)
      }
      send({ type: 'appended', ref, heads: [...reply.heads] })
      return
    }
    node.metrics.appends.inc({ outcome: reply.refusal.code })
    refuse(ref, reply.refusal)
    if (reply.refusal.code !== 'append.head_stale') return
    for (const { stream, expected } of batch.parts) {
      this.delivery.rewind(stream, expected === null ? 0 : expected.seq + 1)
    }
    this.pump()
  }

  async #fetch({ ref, stream, after, limit }: Message<'fetch'>): Promise<void> {
    const { node, team, send, refuse } = this.#options
    if (!mayRead(team.projection, this.device, stream)) return refuse(ref, refusal('stream.not_allowed'))
    const from = after === null ? 0 : after.seq + 1
    const head = team.head(stream)
    if (after !== null && (head === null || head.seq < after.seq))
      return refuse(ref, refusal('stream.behind'))
    const entries = await node.store.log.read(team.team, stream, from, {
      entries: Math.min(limit, BATCH_LIMIT.entries),
      bytes: BATCH_LIMIT.bytes,
    })
    send({ type: 'entries', ref, stream, from, entries: [...entries] })
  }

  async #seen({ seen }: Message<'seen'>): Promise<Refusal | null> {
    const { node, team, member } = this.#options
    const refused = checkSeen(team, this.device, member, seen, node.now())
    if (refused !== null) return refused
    if (!(await node.store.records.putSeen(seen))) return null
    const frame = encodeMessage({ type: 'seen', seen })
    for (const peer of node.hub.peers(team.team)) if (peer !== this) peer.tell(frame)
    return null
  }

  async #putWrap({ wrap }: Message<'wrap.put'>): Promise<Refusal | null> {
    const { node, team, member } = this.#options
    const refused = checkWrap(team, member, wrap)
    if (refused !== null) return refused
    const credential = toHex(wrap.record.credential)
    const kept = await node.store.records.listWraps(team.team, member)
    const isNew = !kept.some((each) => toHex(each.record.credential) === credential)
    if (isNew && kept.length >= WRAPS_PER_MEMBER) return refusal('size.limited')
    await node.store.records.putWrap(wrap)
    return null
  }

  async #openMailbox({ ref, mailbox, expiresAt }: Message<'mailbox.open'>): Promise<void> {
    const { node, team, member, seat, send, refuse } = this.#options
    const now = node.now()
    const late = checkExpiry(expiresAt, now)
    if (late !== null) return refuse(ref, late)
    const name = toHex(mailbox)
    const { mailboxes } = node.store
    let record = await mailboxes.get(name)
    if (record === undefined) {
      const opened = { mailbox: name, team: team.team, member, expiresAt }
      if (!(await mailboxes.open(opened, MAILBOXES_PER_TEAM, now)))
        return refuse(ref, refusal('mailbox.full'))
      record = await mailboxes.get(name)
    }
    if (record?.team !== team.team || record.member !== member) return refuse(ref, refusal('mailbox.used'))
    send({ type: 'ok', ref })
    seat.listen(record)
  }

  async #closeMailbox({ mailbox }: Message<'mailbox.close'>): Promise<Refusal | null> {
    const { node, team, member } = this.#options
    const name = toHex(mailbox)
    const record = await node.store.mailboxes.get(name)
    if (record?.team !== team.team || record.member !== member) return refusal('mailbox.unknown')
    await node.store.mailboxes.close(name)
    return null
  }
}
