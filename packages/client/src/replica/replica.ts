import { sign } from '@countersign/crypto/sign'
import type { Projection } from '@countersign/ledger/projection'
import { timeSchema } from '@countersign/schema/bytes'
import { decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { Head } from '@countersign/schema/entry'
import { LEDGER, type StreamName } from '@countersign/schema/ids'
import type { ClientMessage, Cursor, ServerMessage, SignedSeen } from '@countersign/schema/wire'
import { ClientError } from '../client-error.ts'
import type { LocalStore } from '../store/local-store.ts'
import type { Connector } from '../transport/connector.ts'
import type { Session } from '../transport/session.ts'
import { type Alarm, decodeAlarm, encodeAlarm, type Problem } from './alarm.ts'
import { Appender, type AppendResult, type Build } from './appender.ts'
import { type FlooredClock, openClock } from './clock.ts'
import type { DeviceIdentity } from './device-identity.ts'
import type { Signer } from './draft.ts'
import { Exchange } from './exchange.ts'
import {
  checkFloor,
  checkMissingStreams,
  checkServerHeads,
  type ServerHeads,
  splitView,
} from './history-check.ts'
import { Inbox } from './inbox.ts'
import { type Incoming, Ingestor } from './ingestor.ts'
import { IntentQueue } from './intents.ts'
import { type LedgerCopy, openLedgerCopy } from './ledger-copy.ts'
import { Listeners } from './listeners.ts'
import type { ConnectionState, ReplicaStatus } from './replica-status.ts'
import { encodeSeen, SEEN_PURPOSE, SeenBook } from './seen-book.ts'
import { LINK_TIMING, type LinkTiming, ServerLink } from './server-link.ts'
import { StreamLog } from './stream-log.ts'
import type { VerifiedEntry } from './verified-entry.ts'

const ALARM_KEY = 'replica/alarm'
const CONTACT_KEY = 'replica/contact'
const IDENTITY_KEY = 'replica/identity'
const FETCH_LIMIT = 500
const MAX_SEEN_HEADS = 2000

export interface ReplicaTiming extends LinkTiming {
  /** How long an append or a wait for the connection may take before it is given up. */
  readonly patienceMs: number
  readonly answerMs: number
  /** A statement follows a new head by this long … */
  readonly seenAfterMs: number
  /** … and is repeated this often. */
  readonly seenEveryMs: number
}

export const REPLICA_TIMING: ReplicaTiming = {
  ...LINK_TIMING,
  patienceMs: 8_000,
  answerMs: 20_000,
  seenAfterMs: 1_500,
  seenEveryMs: 10 * 60_000,
}

/** What the replica says about itself; never a secret, never what a peer wrote. */
export type Log = (event: string, fields?: Record<string, string | number>) => void

export interface ReplicaOptions {
  readonly store: LocalStore
  readonly identity: DeviceIdentity
  readonly connect: Connector
  /** Milliseconds since 1970; floored here (P16). */
  readonly clock: () => number
  readonly log: Log
  readonly timing?: Partial<ReplicaTiming>
}

export interface EntryBatch {
  readonly stream: StreamName
  readonly entries: readonly VerifiedEntry[]
}

interface Parts {
  readonly clock: FlooredClock
  readonly streams: StreamLog
  readonly copy: LedgerCopy
  readonly book: SeenBook
  readonly intents: IntentQueue
  readonly contact: number | null
  readonly alarm: Alarm | null
}

/** A verified local copy of the team's streams, kept in step with the server; all that a locked installation runs, too (P13). */
export class Replica {
  readonly intents: IntentQueue
  readonly #options: ReplicaOptions
  readonly #timing: ReplicaTiming
  readonly #clock: FlooredClock
  readonly #streams: StreamLog
  readonly #copy: LedgerCopy
  readonly #book: SeenBook
  readonly #link: ServerLink
  readonly #inbox: Inbox
  readonly #exchange: Exchange
  readonly #ingestor: Ingestor
  readonly #appender: Appender
  readonly #entryListeners: Listeners<EntryBatch>
  readonly #statusListeners: Listeners<ReplicaStatus>
  readonly #messageListeners: Listeners<ServerMessage>
  #connection: ConnectionState = 'offline'
  #problem: ReplicaStatus['problem'] = null
  #alarm: Alarm | null
  #contact: number | null
  #contactSaved = 0
  #serverHeads: ServerHeads = new Map()
  #welcomeSeen: readonly SignedSeen[] = []
  #refreshing = new Map<StreamName, Promise<void>>()
  #seenTimer: ReturnType<typeof setTimeout> | null = null
  #seenHeads = ''
  #stopped = false

  private constructor(options: ReplicaOptions, parts: Parts) {
    this.#options = options
    this.#timing = { ...REPLICA_TIMING, ...options.timing }
    this.#clock = parts.clock
    this.#streams = parts.streams
    this.#copy = parts.copy
    this.#book = parts.book
    this.#contact = parts.contact
    this.#alarm = parts.alarm
    this.intents = parts.intents
    const { identity, connect } = options
    const report = (error: unknown): void => this.#failed(error)
    this.#entryListeners = new Listeners(report)
    this.#statusListeners = new Listeners(report)
    this.#messageListeners = new Listeners(report)
    this.#exchange = new Exchange(this.#timing.answerMs)
    this.#inbox = new Inbox((message, session) => this.#handle(message, session), report)
    this.#ingestor = new Ingestor({
      log: this.#streams,
      known: {
        team: identity.team,
        genesisHash: identity.genesisHash,
        projection: this.#copy.projection,
        ledgerHashes: this.#copy.hashes,
      },
      onWritten: (batch) => {
        this.#scheduleSeen(this.#timing.seenAfterMs)
        this.#entryListeners.emit(batch)
      },
      onStoreTrouble: (error) => {
        this.#problem = error === null ? null : { code: error.code, message: error.message }
        this.#announce()
      },
      stopped: () => this.#stopped,
    })
    this.#appender = new Appender({
      log: this.#streams,
      identity,
      now: () => this.#clock.now(),
      untilLive: () => this.#untilLive(),
      ask: (make, onReply) => this.#exchange.ask(this.#link.session, make, onReply),
      landed: (landed) =>
        this.#take(
          landed.map(({ stream, expected, entries }) => ({
            stream,
            from: expected === null ? 0 : expected.seq + 1,
            entries,
          })),
        ),
      contradicted: (stream, head) =>
        this.#sound({
          code: 'fork',
          stream,
          seq: head.seq,
          message: 'The server says it took other entries than those sent.',
          evidence: [],
        }),
      refresh: async (streams) => {
        for (const stream of streams) await this.#refresh(stream)
      },
    })
    this.#link = new ServerLink({
      identity,
      connect,
      timing: this.#timing,
      cursors: () => this.#cursors(),
      events: {
        onConnecting: () => this.#enter('connecting', this.#problem),
        onMessage: (message, session) => this.#inbox.push(message, session),
        onContact: () => this.#contacted(),
        onDown: (error, refused) => this.#down(error, refused),
      },
    })
    this.intents.onChange(() => this.#announce())
  }

  /**
   * Opens the local copy and begins to connect. Throws LocalStoreError where the store fails, ClientError `replica.other_team` where
   * it belongs to another team or device, `replica.damaged` where its ledger is not whole.
   */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const { store, identity } = options
    await claimStore(store, identity)
    const streams = await StreamLog.open(store, identity.device)
    const copy = await openLedgerCopy(streams)
    const hashAt = (stream: StreamName, seq: number): Promise<Uint8Array | undefined> =>
      streams.hashAt(stream, seq)
    const savedContact = await store.get(CONTACT_KEY)
    const savedAlarm = await store.get(ALARM_KEY)
    const replica = new Replica(options, {
      clock: await openClock(store, options.clock),
      streams,
      copy,
      book: await SeenBook.open({ store, identity, projection: copy.projection, hashAt }),
      intents: await IntentQueue.open(store),
      contact: savedContact === undefined ? null : timeSchema.parse(decodeCanonical(savedContact)),
      alarm: savedAlarm === undefined ? null : decodeAlarm(savedAlarm),
    })
    if (replica.#alarm === null) replica.#link.start()
    else replica.#enter('alarm', replica.#alarm)
    return replica
  }

  /** Everything that stands in clear in the ledger as far as it is here. Not to be changed. */
  get projection(): Projection {
    return this.#copy.projection
  }

  /** The clock that everything here goes by: it never moves back (P16). */
  now(): number {
    return this.#clock.now()
  }

  head(stream: StreamName): Head | null {
    return this.#streams.head(stream)
  }

  streams(): StreamName[] {
    return this.#streams.streams()
  }

  /** What is on this disk, verified when it was written, from seq `from` on. */
  entries(stream: StreamName, from = 0): AsyncIterable<VerifiedEntry> {
    return this.#streams.entries(stream, from)
  }

  /** The same in pages, for whoever reads a lot. */
  pages(stream: StreamName, from = 0): AsyncIterable<readonly VerifiedEntry[]> {
    return this.#streams.pages(stream, from)
  }

  /** Where an entry of this device with this id stands, once it landed. */
  ownEntry(id: string): Promise<{ stream: StreamName; seq: number } | undefined> {
    return this.#streams.ownEntry(id)
  }

  /** Calls with entries after they are on this disk, stream by stream in order. */
  onEntries(listener: (batch: EntryBatch) => void): () => void {
    return this.#entryListeners.add(listener)
  }

  /**
   * Appends over several streams, all or none. `build` is called again whenever somebody was faster, after their entries went to
   * the listeners; it keeps its drafts' ids. Expected refusals come as values, with the server's code or `append.unknown`,
   * `append.contended`, `offline`, `alarm`; what `build` throws passes.
   */
  append(build: Build, signer: Signer): Promise<AppendResult> {
    return this.#appender.append(build, signer)
  }

  /** Asks the server something on this device's connection (mailboxes, wraps); null when there is none or it ended. */
  async request(make: (ref: number) => ClientMessage): Promise<ServerMessage | null> {
    const state = await this.#untilLive()
    return state.live ? this.#exchange.ask(this.#link.session, make) : null
  }

  /** Messages about mailboxes this device opened. */
  onMailbox(listener: (message: ServerMessage & { type: 'mailbox' }) => void): () => void {
    return this.#messageListeners.add((message) => {
      if (message.type === 'mailbox') listener(message)
    })
  }

  status(): ReplicaStatus {
    return {
      connection: this.#connection,
      problem: this.#problem,
      lastServerContact: this.#contact,
      lastWitness: this.#book.witness,
      pendingIntents: this.intents.waiting().length,
      alarm: this.#alarm,
    }
  }

  onStatus(listener: (status: ReplicaStatus) => void): () => void {
    return this.#statusListeners.add(listener)
  }

  /** The newest verified statement of each other device. */
  seen(): SignedSeen[] {
    return this.#book.all()
  }

  /** States to the team what this device has verified (P17); also done by itself. Quietly nothing while not connected. */
  async publishSeen(): Promise<void> {
    if (this.#connection !== 'live') return
    const { team, member, device, signKey } = this.#options.identity
    const heads = this.#cursors().flatMap(({ stream, head }) => (head === null ? [] : [{ stream, head }]))
    const statement = { team, member, device, time: this.#clock.now(), heads: heads.slice(0, MAX_SEEN_HEADS) }
    const signature = sign(signKey.secretKey, SEEN_PURPOSE, encodeSeen(statement))
    this.#scheduleSeen(this.#timing.seenEveryMs)
    const stated = this.#headsText()
    const reply = await this.#exchange.ask(this.#link.session, (ref) => ({
      type: 'seen',
      ref,
      seen: { statement, signature },
    }))
    if (reply?.type === 'ok') this.#seenHeads = stated
  }

  /** Tries to connect now rather than at the end of a wait. */
  reconnect(): void {
    this.#link.hurry()
  }

  /** A person looked at the alarm and decided to try this server again; what caused it sounds it again if it is still so. */
  async dismissAlarm(): Promise<void> {
    if (this.#alarm === null) return
    await this.#options.store.batch({ puts: [], dels: [ALARM_KEY] }, { durable: true })
    this.#alarm = null
    this.#enter('offline', null)
    this.#link.start()
  }

  /** Ends the connection and finishes what is being written. The store stays open: it is the caller's. */
  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    if (this.#seenTimer !== null) clearTimeout(this.#seenTimer)
    this.#link.stop()
    this.#exchange.abandon()
    this.#inbox.clear()
    await this.#inbox.idle()
    await this.#clock.save()
    await this.#saveContact()
    if (this.#connection !== 'alarm') this.#enter('offline', null)
  }

  async #handle(message: ServerMessage, session: Session): Promise<void> {
    if (session !== this.#link.session || this.#alarm !== null) return
    switch (message.type) {
      case 'welcome': {
        this.#enter('catching_up', null)
        this.#serverHeads = new Map(message.heads.map(({ stream, head }) => [stream, head]))
        this.#welcomeSeen = message.seen
        const problem = checkServerHeads(this.#streams, this.#serverHeads)
        if (problem !== null) await this.#sound(problem)
        return
      }
      case 'entries':
        await this.#take([message])
        await this.#exchange.answer(message)
        return
      case 'caught_up':
        return this.#caughtUp()
      case 'seen':
        return this.#takeSeen(message.seen)
      case 'mailbox':
        return this.#messageListeners.emit(message)
      default:
        await this.#exchange.answer(message)
    }
  }

  async #take(incoming: readonly Incoming[]): Promise<void> {
    const { problem, gap } = await this.#ingestor.take(incoming)
    if (problem !== null) return this.#sound(problem)
    if (gap !== null) void this.#refresh(gap)
    const contradiction = await this.#book.recheck()
    if (contradiction !== null) await this.#sound(await splitView(this.#streams, contradiction))
    else if (this.#ingestor.holding.size > 0 && this.#connection === 'live') void this.#refresh(LEDGER)
  }

  async #caughtUp(): Promise<void> {
    const problem =
      (await checkFloor(this.#streams, this.#options.identity.floor)) ??
      checkMissingStreams(this.#streams, this.#serverHeads, this.projection, this.#options.identity.device) ??
      this.#withheld()
    if (problem !== null) return this.#sound(problem)
    for (const seen of this.#welcomeSeen) {
      await this.#takeSeen(seen)
      if (this.#alarm !== null) return
    }
    this.#welcomeSeen = []
    this.#link.settled()
    this.#enter('live', null)
    this.#contacted()
    this.#scheduleSeen(0)
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
    const { news, contradiction } = await this.#book.take(seen)
    if (contradiction !== null) return this.#sound(await splitView(this.#streams, contradiction))
    if (!news) return
    if (this.#seenHeads !== this.#headsText()) this.#scheduleSeen(this.#timing.seenAfterMs)
    this.#announce()
  }

  /** Fetches what the server has of a stream after our head; several callers share one fetch. */
  #refresh(stream: StreamName): Promise<void> {
    const running = this.#refreshing.get(stream)
    if (running !== undefined) return running
    const refresh = this.#fetchAll(stream).finally(() => this.#refreshing.delete(stream))
    this.#refreshing.set(stream, refresh)
    return refresh
  }

  async #fetchAll(stream: StreamName): Promise<void> {
    for (;;) {
      const after = this.#streams.head(stream)
      const reply = await this.#exchange.ask(this.#link.session, (ref) => ({
        type: 'fetch',
        ref,
        stream,
        after,
        limit: FETCH_LIMIT,
      }))
      if (reply?.type !== 'entries' || this.#alarm !== null) return
      // A server that sends nothing new would keep this asking for ever.
      if (this.#streams.head(stream)?.seq === after?.seq) return
    }
  }

  async #untilLive(): Promise<{ live: true } | { live: false; code: string; message: string }> {
    const settled = (): boolean => this.#stopped || ['live', 'alarm', 'refused'].includes(this.#connection)
    if (!settled()) {
      this.#link.hurry()
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          stop()
          resolve()
        }
        const timer = setTimeout(done, this.#timing.patienceMs)
        const stop = this.onStatus(() => {
          if (settled()) done()
        })
      })
    }
    if (this.#connection === 'live' && !this.#stopped) return { live: true }
    if (this.#alarm !== null) return { live: false, code: 'alarm', message: this.#alarm.message }
    if (this.#connection === 'refused' && this.#problem !== null) return { live: false, ...this.#problem }
    return { live: false, code: 'offline', message: 'The server cannot be reached now.' }
  }

  /** A loud stop: nothing more is believed of this connection; reading what was verified goes on. */
  async #sound(problem: Problem): Promise<void> {
    if (this.#alarm !== null) return
    this.#alarm = { ...problem, time: this.#clock.now() }
    this.#options.log('replica.alarm', { code: problem.code, stream: problem.stream, seq: problem.seq })
    this.#link.stop()
    this.#exchange.abandon()
    this.#enter('alarm', problem)
    await this.#options.store.batch({ puts: [[ALARM_KEY, encodeAlarm(this.#alarm)]] }, { durable: true })
  }

  #down(error: ClientError, refused: boolean): void {
    this.#inbox.clear()
    this.#ingestor.forgetHeld()
    this.#exchange.abandon()
    this.#options.log('replica.down', { code: error.code })
    if (this.#alarm !== null || this.#stopped) return
    this.#enter(refused ? 'refused' : 'offline', { code: error.code, message: error.message })
  }

  #contacted(): void {
    if (this.#connection !== 'live') return
    this.#contact = this.#clock.now()
    if (this.#contact - this.#contactSaved > 30_000) {
      this.#saveContact().catch((error: unknown) => this.#failed(error))
    }
  }

  async #saveContact(): Promise<void> {
    if (this.#contact === null || this.#contact === this.#contactSaved) return
    this.#contactSaved = this.#contact
    await this.#options.store.batch(
      { puts: [[CONTACT_KEY, encodeCanonical(this.#contact)]] },
      { durable: false },
    )
  }

  #cursors(): Cursor[] {
    const streams = this.#streams.streams().sort((a, b) => Number(b === LEDGER) - Number(a === LEDGER))
    return streams.map((stream) => ({ stream, head: this.#streams.head(stream) }))
  }

  #headsText(): string {
    return this.#cursors()
      .map(({ stream, head }) => `${stream}:${head?.seq ?? ''}`)
      .join(' ')
  }

  #scheduleSeen(delayMs: number): void {
    if (this.#stopped) return
    if (this.#seenTimer !== null) clearTimeout(this.#seenTimer)
    this.#seenTimer = setTimeout(() => {
      this.#seenTimer = null
      this.publishSeen().catch((error: unknown) => this.#failed(error))
    }, delayMs)
  }

  #enter(connection: ConnectionState, problem: { code: string; message: string } | null): void {
    this.#connection = connection
    this.#problem = problem === null ? null : { code: problem.code, message: problem.message }
    this.#announce()
  }

  #announce(): void {
    this.#statusListeners.emit(this.status())
  }

  #failed(error: unknown): void {
    const code = error instanceof ClientError ? error.code : error instanceof Error ? error.name : 'unknown'
    this.#options.log('replica.failed', { code })
  }
}

/** A store is one device's of one team, for good. */
const claimStore = async (store: LocalStore, identity: DeviceIdentity): Promise<void> => {
  const { team, device, genesisHash } = identity
  const claim = encodeCanonical({ team, device, genesisHash })
  const before = await store.get(IDENTITY_KEY)
  if (before === undefined) return store.batch({ puts: [[IDENTITY_KEY, claim]] }, { durable: true })
  if (Buffer.compare(before, claim) !== 0) {
    throw new ClientError('replica.other_team', 'the local store belongs to another team or device', {
      fix: 'Use the profile folder that belongs to this team, or an empty one.',
    })
  }
}
