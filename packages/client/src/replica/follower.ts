import { activeDevice } from '@countersign/ledger/projection-lookup'
import { LEDGER, type StreamName } from '@countersign/schema/ids'
import type { ClientMessage, Cursor, ServerMessage, SignedSeen } from '@countersign/schema/wire'
import type { ClientError } from '../client-error.ts'
import type { Session } from '../transport/session.ts'
import type { Problem } from './alarm.ts'
import type { Contact } from './contact.ts'
import { Exchange } from './exchange.ts'
import {
  checkFloors,
  checkMissingStreams,
  checkServerHeads,
  keptBack,
  type ServerHeads,
  splitView,
} from './history-check.ts'
import { Inbox } from './inbox.ts'
import { type Incoming, Ingestor } from './ingestor.ts'
import type { LedgerCopy } from './ledger-copy.ts'
import { Listeners } from './listeners.ts'
import type { EntryBatch, ReplicaOptions, ReplicaTiming } from './replica-options.ts'
import type { SeenBook } from './seen-book.ts'
import { ServerLink } from './server-link.ts'
import type { SignatureCheck } from './signature-check.ts'
import { SignaturesAhead } from './signatures-ahead.ts'
import type { Liveness, StatusBoard } from './status-board.ts'
import type { StreamLog } from './stream-log.ts'
import type { TreeBook } from './tree-book.ts'
import { WithheldCheck } from './withheld-check.ts'
import { WitnessDuty } from './witness-duty.ts'

const FETCH_LIMIT = 500
/** Refusals of a fetch that say: there is no more of this stream for you. */
const NO_MORE = new Set(['stream.behind', 'stream.not_allowed', 'stream.unknown'])

type MailboxMessage = Extract<ServerMessage, { type: 'mailbox' }>

interface FollowerParts {
  readonly options: ReplicaOptions
  readonly timing: ReplicaTiming
  readonly now: () => number
  readonly streams: StreamLog
  readonly copy: LedgerCopy
  readonly book: SeenBook
  readonly trees: TreeBook
  readonly contact: Contact
  readonly board: StatusBoard
  readonly check: SignatureCheck
}

/** Keeps the verified copy in step with the server: catches up, takes pushes, compares histories, states what was seen. */
export class Follower {
  readonly entries: Listeners<EntryBatch>
  readonly mailboxes: Listeners<MailboxMessage>
  readonly #parts: FollowerParts
  readonly #link: ServerLink
  readonly #inbox: Inbox
  readonly #exchange: Exchange
  readonly #ahead: SignaturesAhead
  readonly #ingestor: Ingestor
  readonly #duty: WitnessDuty
  readonly #withheldCheck: WithheldCheck
  readonly #refreshing = new Map<StreamName, Promise<boolean>>()
  #serverHeads: ServerHeads = new Map()
  #welcomeSeen: readonly SignedSeen[] = []

  constructor(parts: FollowerParts) {
    this.#parts = parts
    const { options, timing, now, streams, copy, board, book, trees } = parts
    const { identity, connect } = options
    const report = (error: unknown): void => board.failed(error)
    this.entries = new Listeners(report)
    this.mailboxes = new Listeners(report)
    this.#exchange = new Exchange(timing.answerMs)
    this.#inbox = new Inbox((message, session) => this.#handle(message, session), report)
    this.#ahead = new SignaturesAhead(copy.projection)
    const { team, genesisHash } = identity
    this.#ingestor = new Ingestor({
      log: streams,
      known: {
        team,
        genesisHash,
        projection: copy.projection,
        ledgerHashes: copy.hashes,
        ahead: this.#ahead,
      },
      onWritten: (batch) => {
        this.#duty.soon()
        this.entries.emit(batch)
        if (batch.stream === LEDGER) copy.checkpoint().catch(report)
      },
      onStoreTrouble: (error) => board.trouble(error),
      stopped: () => board.stopped,
    })
    this.#withheldCheck = new WithheldCheck({
      book,
      fetch: (stream) => this.#fetchAnew(stream),
      live: () => board.connection === 'live' && board.alarm === null,
      onContradiction: async (found) => this.sound(await splitView(streams, found)),
      onWithheld: (entry) => this.sound(keptBack(streams, entry)),
    })
    this.#duty = new WitnessDuty({
      identity,
      trees,
      afterMs: timing.seenAfterMs,
      everyMs: timing.seenEveryMs,
      now,
      cursors: () => this.#cursors().filter(({ stream }) => !streams.provisional.has(stream)),
      send: async (seen) =>
        board.connection === 'live' && this.#deviceKnown()
          ? this.ask((ref) => ({ type: 'seen', ref, seen }))
          : null,
      onError: report,
    })
    this.#link = new ServerLink({
      identity,
      connect,
      timing,
      cursors: () => this.#cursors(),
      deviceKnown: () => this.#deviceKnown(),
      events: {
        onConnecting: () => board.enter('connecting', board.problem),
        onMessage: (message, session) => {
          if (message.type === 'entries' && message.stream === LEDGER) this.#ahead.offer(message.entries)
          this.#inbox.push(message, session)
        },
        onContact: () => this.#contacted(),
        onDown: (error, refused) => this.#down(error, refused),
      },
    })
  }

  start(): void {
    this.#link.start()
  }

  hurry(): void {
    this.#link.hurry()
  }

  publishSeen(): Promise<void> {
    return this.#duty.publish()
  }

  /** Resolves when what other devices state and we lack was asked for, as far as that is possible now. */
  lookForWithheld(): Promise<void> {
    return this.#withheldCheck.run()
  }

  /** What this device states now, signed; for evidence and exports. */
  ownStatement(): Promise<SignedSeen> {
    return this.#duty.statement()
  }

  /** There is more that this device has verified than it stated last. */
  seenSoon(): void {
    this.#duty.soon()
  }

  untilLive(): Promise<Liveness> {
    this.#link.hurry()
    return this.#parts.board.untilLive(this.#parts.timing.patienceMs)
  }

  /** Asks on the current connection; see `Exchange.ask`. */
  ask(
    make: (ref: number) => ClientMessage,
    onReply?: (reply: ServerMessage) => Promise<void>,
  ): Promise<ServerMessage | null> {
    return this.#exchange.ask(this.#link.session, make, onReply)
  }

  /** Takes entries into the verified copy, or sounds the alarm. `own`: this device signed them. */
  async take(incoming: readonly Incoming[], options: { own?: boolean } = {}): Promise<void> {
    const { problem, gap } = await this.#ingestor.take(incoming, options)
    if (problem !== null) return this.sound(problem)
    if (this.#parts.board.connection === 'live') this.#parts.check.start()
    if (gap !== null) void this.refresh(gap)
    if (this.#deviceKnown()) this.#link.useDevice()
    const contradiction = await this.#parts.book.recheck()
    if (contradiction !== null) await this.sound(await splitView(this.#parts.streams, contradiction))
    else if (this.#ingestor.holding.size > 0 && this.#parts.board.connection === 'live')
      void this.refresh(LEDGER)
  }

  /**
   * Fetches what the server has of a stream after our head; several callers share one fetch. True if the server said that this is
   * all, false if the connection ended before.
   */
  refresh(stream: StreamName): Promise<boolean> {
    const running = this.#refreshing.get(stream)
    if (running !== undefined) return running
    const refresh = this.#fetchAll(stream).finally(() => this.#refreshing.delete(stream))
    this.#refreshing.set(stream, refresh)
    return refresh
  }

  /** A loud stop: nothing more is believed of this connection; reading what was verified goes on. */
  async sound(problem: Problem): Promise<void> {
    const { board, now } = this.#parts
    if (board.alarm !== null) return
    const sounded = board.sound(problem, now())
    this.#link.stop()
    this.#ahead.clear()
    this.#exchange.abandon()
    await sounded
  }

  async stop(): Promise<void> {
    this.#duty.stop()
    this.#link.stop()
    this.#exchange.abandon()
    this.#inbox.clear()
    this.#ahead.clear()
    await this.#inbox.idle()
  }

  async #handle(message: ServerMessage, session: Session): Promise<void> {
    if (session !== this.#link.session || this.#parts.board.alarm !== null) return
    switch (message.type) {
      case 'welcome': {
        this.#parts.board.enter('catching_up', null)
        this.#parts.check.giveWay()
        this.#serverHeads = new Map(message.heads.map(({ stream, head }) => [stream, head]))
        this.#welcomeSeen = message.seen
        const problem = checkServerHeads(this.#parts.streams, this.#serverHeads)
        if (problem !== null) await this.sound(problem)
        return
      }
      case 'entries':
        await this.take([message])
        await this.#exchange.answer(message)
        return
      case 'caught_up':
        return this.#caughtUp()
      case 'seen':
        return this.#takeSeen(message.seen)
      case 'mailbox':
        return this.mailboxes.emit(message)
      default:
        await this.#exchange.answer(message)
    }
  }

  async #caughtUp(): Promise<void> {
    const { streams, options, copy, board } = this.#parts
    const { floors, device } = options.identity
    const problem =
      (await checkFloors(streams, floors)) ??
      checkMissingStreams(streams, this.#serverHeads, copy.projection, device) ??
      this.#withheld()
    if (problem !== null) return this.sound(problem)
    for (const seen of this.#welcomeSeen) {
      await this.#takeSeen(seen)
      if (board.alarm !== null) return
    }
    this.#welcomeSeen = []
    this.#link.settled()
    board.enter('live', null)
    this.#contacted()
    this.#duty.soon(0)
    this.#lookForWithheld()
    this.#parts.check.start()
  }

  /** After catching up nothing may still wait for ledger entries: they were cited, so the server has them. */
  #withheld(): Problem | null {
    const held = [...this.#ingestor.holding.values()][0]
    if (held === undefined) return null
    const message = 'The server passes on entries that rest on ledger entries it keeps back.'
    const evidence = held.entries.slice(0, 1).map((bytes) => ({ label: 'entry', bytes }))
    return { code: 'withheld', stream: held.stream, seq: held.from, message, evidence }
  }

  async #takeSeen(seen: SignedSeen): Promise<void> {
    const { book, streams, board } = this.#parts
    const { news, contradiction } = await book.take(seen)
    if (contradiction !== null) return this.sound(await splitView(streams, contradiction))
    if (!news) return
    this.#duty.answer()
    board.announce()
    this.#lookForWithheld()
  }

  /** Beside the inbox: it waits for answers that come through it. */
  #lookForWithheld(): void {
    this.#withheldCheck.run().catch((error: unknown) => this.#parts.board.failed(error))
  }

  /** A fetch that was asked for from now on: one under way may have been answered before. */
  async #fetchAnew(stream: StreamName): Promise<boolean> {
    await this.#refreshing.get(stream)
    return this.refresh(stream)
  }

  async #fetchAll(stream: StreamName): Promise<boolean> {
    const { streams, board } = this.#parts
    for (;;) {
      const after = streams.head(stream)
      const reply = await this.ask((ref) => ({ type: 'fetch', ref, stream, after, limit: FETCH_LIMIT }))
      if (reply?.type === 'refused' && NO_MORE.has(reply.code)) return true
      if (reply?.type !== 'entries' || board.alarm !== null) return false
      // A server that sends nothing new would keep this asking for ever.
      if (streams.head(stream)?.seq === after?.seq) return true
    }
  }

  #down(error: ClientError, refused: boolean): void {
    const { board, options, check } = this.#parts
    this.#inbox.clear()
    this.#ahead.clear()
    this.#ingestor.forgetHeld()
    this.#exchange.abandon()
    options.log('replica.down', { code: error.code })
    if (board.alarm !== null || board.stopped) return
    check.start()
    board.enter(refused ? 'refused' : 'offline', error)
  }

  #contacted(): void {
    const { board, contact, now } = this.#parts
    if (board.connection !== 'live') return
    contact.mark(now()).catch((error: unknown) => board.failed(error))
  }

  #deviceKnown(): boolean {
    const { copy, options } = this.#parts
    return activeDevice(copy.projection, options.identity.device) !== undefined
  }

  #cursors(): Cursor[] {
    const { streams } = this.#parts
    const names = streams.streams().sort((a, b) => Number(b === LEDGER) - Number(a === LEDGER))
    return names.map((stream) => ({ stream, head: streams.head(stream) }))
  }
}
