import type { Projection } from '@countersign/ledger/projection'
import type { Head } from '@countersign/schema/entry'
import type { StreamName } from '@countersign/schema/ids'
import type { AppendPart, ClientMessage, ServerMessage, SignedSeen } from '@countersign/schema/wire'
import type { Alarm } from './alarm.ts'
import { Appender, type AppendResult, type Build } from './appender.ts'
import { type FlooredClock, openClock } from './clock.ts'
import { Contact } from './contact.ts'
import type { Signer } from './draft.ts'
import { Follower } from './follower.ts'
import type { Incoming } from './ingestor.ts'
import { IntentQueue } from './intents.ts'
import { LedgerCopy } from './ledger-copy.ts'
import { type EntryBatch, REPLICA_TIMING, type ReplicaOptions } from './replica-options.ts'
import type { ReplicaStatus } from './replica-status.ts'
import { type DeviceWitness, SeenBook } from './seen-book.ts'
import { SignatureCheck } from './signature-check.ts'
import { StatusBoard } from './status-board.ts'
import { claimStore } from './store-claim.ts'
import { StreamLog } from './stream-log.ts'
import { TreeBook } from './tree-book.ts'
import type { VerifiedEntry } from './verified-entry.ts'

export type { EntryBatch, Log, ReplicaOptions, ReplicaTiming } from './replica-options.ts'

interface Parts {
  readonly clock: FlooredClock
  readonly streams: StreamLog
  readonly copy: LedgerCopy
  readonly book: SeenBook
  readonly trees: TreeBook
  readonly intents: IntentQueue
  readonly contact: Contact
  readonly board: StatusBoard
  readonly check: SignatureCheck
}

const incomingOf = ({ stream, expected, entries }: AppendPart): Incoming => ({
  stream,
  from: expected === null ? 0 : expected.seq + 1,
  entries,
})

/** A verified local copy of the team's streams, kept in step with the server; all that a locked installation runs, too (P13). */
export class Replica {
  readonly #parts: Parts
  readonly #follower: Follower
  readonly #appender: Appender

  private constructor(options: ReplicaOptions, parts: Parts) {
    this.#parts = parts
    const { clock, streams, board, intents } = parts
    const now = (): number => clock.now()
    const timing = { ...REPLICA_TIMING, ...options.timing }
    const follower = new Follower({ ...parts, options, timing, now })
    this.#follower = follower
    this.#appender = new Appender({
      log: streams,
      identity: options.identity,
      now,
      untilLive: () => follower.untilLive(),
      ask: (make, onReply) => follower.ask(make, onReply),
      landed: (landed) => follower.take(landed.map(incomingOf), { own: true }),
      whole: (stream) => parts.check.whole(stream),
      contradicted: (stream, { seq }) => {
        const message = 'The server says it took other entries than those sent.'
        return follower.sound({ code: 'fork', stream, seq, message, evidence: [] })
      },
      refresh: async (stale) => {
        for (const stream of stale) await follower.refresh(stream)
      },
    })
    intents.onChange(() => board.announce())
  }

  /**
   * Opens the local copy and begins to connect. Throws LocalStoreError where the store fails, ClientError `replica.other_team` where
   * it belongs to another team or device, `replica.damaged` where its ledger is not whole.
   */
  static async open(options: ReplicaOptions): Promise<Replica> {
    const { store, identity, log } = options
    await claimStore(store, identity)
    const streams = await StreamLog.open(store, identity.device)
    const copy = await LedgerCopy.open(store, streams)
    const hashAt = (stream: StreamName, seq: number): Promise<Uint8Array | undefined> =>
      streams.hashAt(stream, seq)
    const clock = await openClock(store, options.clock)
    const now = (): number => clock.now()
    const book = await SeenBook.open({ store, identity, projection: copy.projection, hashAt, now })
    const trees = new TreeBook({ store, log: streams, identity })
    const intents = await IntentQueue.open(store)
    const contact = await Contact.open(store)
    let replica: Replica | null = null
    const check: SignatureCheck = new SignatureCheck({
      log: streams,
      projection: copy.projection,
      over: () => board.alarm !== null || board.stopped,
      onBad: async (problem) => {
        if (replica !== null) await replica.#follower.sound(problem)
      },
      onProgress: () => {
        board.announce()
        if (check.progress === null && replica !== null) replica.#follower.seenSoon()
      },
      onError: (error) => board.failed(error),
    })
    const facts = () => ({
      checking: check.progress,
      lastServerContact: contact.last,
      lastWitness: book.witness,
      pendingIntents: intents.waiting().length,
    })
    const board = new StatusBoard({ store, log, alarm: await StatusBoard.savedAlarm(store), facts })
    const parts = { clock, streams, copy, book, trees, intents, contact, board, check }
    replica = new Replica(options, parts)
    if (board.alarm === null) {
      replica.#follower.start()
      check.start()
    } else board.enter('alarm', board.alarm)
    return replica
  }

  /** Everything that stands in clear in the ledger as far as it is here. Not to be changed. */
  get projection(): Projection {
    return this.#parts.copy.projection
  }

  /** Changes that wait for a connection or an unlock (P19). */
  get intents(): IntentQueue {
    return this.#parts.intents
  }

  /** The clock that everything here goes by: it never moves back and never stands still (P16). */
  now(): number {
    return this.#parts.clock.now()
  }

  head(stream: StreamName): Head | null {
    return this.#parts.streams.head(stream)
  }

  streams(): StreamName[] {
    return this.#parts.streams.streams()
  }

  /** What is on this disk, from seq `from` on; verified when it was written, but for what is marked provisional. */
  entries(stream: StreamName, from = 0): AsyncIterable<VerifiedEntry> {
    return this.#parts.streams.entries(stream, from)
  }

  /** The same in pages, for whoever reads a lot. */
  pages(stream: StreamName, from = 0): AsyncIterable<readonly VerifiedEntry[]> {
    return this.#parts.streams.pages(stream, from)
  }

  /**
   * The entry at a place with its own signature checked, as it must be before it is used; undefined where there is none. Null where the
   * signature is not its author's: the alarm has sounded.
   */
  async proven(stream: StreamName, seq: number): Promise<VerifiedEntry | null | undefined> {
    const entry = await this.#parts.streams.entryAt(stream, seq)
    return entry === undefined ? undefined : this.#parts.check.proven(entry)
  }

  /** The hash of the entry at a place; undefined where the verified copy does not go that far. */
  hashAt(stream: StreamName, seq: number): Promise<Uint8Array | undefined> {
    return this.#parts.streams.hashAt(stream, seq)
  }

  /** Where an entry of this device with this id stands, once it landed. */
  ownEntry(id: string): Promise<{ stream: StreamName; seq: number } | undefined> {
    return this.#parts.streams.ownEntry(id)
  }

  /** Calls with entries after they are on this disk, stream by stream in order. */
  onEntries(listener: (batch: EntryBatch) => void): () => void {
    return this.#follower.entries.add(listener)
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
    const state = await this.#follower.untilLive()
    return state.live ? this.#follower.ask(make) : null
  }

  /** Messages about mailboxes this device opened. */
  onMailbox(listener: (message: Extract<ServerMessage, { type: 'mailbox' }>) => void): () => void {
    return this.#follower.mailboxes.add(listener)
  }

  status(): ReplicaStatus {
    return this.#parts.board.status()
  }

  onStatus(listener: (status: ReplicaStatus) => void): () => void {
    return this.#parts.board.listen(listener)
  }

  /** The newest verified statement of each other device. */
  seen(): SignedSeen[] {
    return this.#parts.book.all()
  }

  /** Every device of the other people in the team, and how it stands to what is verified here. */
  witnesses(): DeviceWitness[] {
    return this.#parts.book.devices()
  }

  /**
   * The statements of other devices, each of a history that is all here; null where one states more and the server does not give it
   * now. Heads only grow: whatever is here later holds all that these state.
   */
  async settledStatements(): Promise<SignedSeen[] | null> {
    await this.#follower.lookForWithheld()
    return this.#parts.book.settled()
  }

  /** The last alarm that a person set aside; its evidence can be exported still. */
  setAsideAlarm(): Promise<Alarm | null> {
    return this.#parts.board.setAsideAlarm()
  }

  /** What this device states now, signed by its key with its cosignatures: for evidence and exports. */
  ownStatement(): Promise<SignedSeen> {
    return this.#follower.ownStatement()
  }

  /** States to the team what this device has verified (P17); also done by itself. Quietly nothing while not connected. */
  publishSeen(): Promise<void> {
    return this.#follower.publishSeen()
  }

  /** Tries to connect now rather than at the end of a wait. */
  reconnect(): void {
    this.#follower.hurry()
  }

  /** A person looked at the alarm and decided to try this server again; what caused it sounds it again if it is still so. */
  async dismissAlarm(): Promise<void> {
    if (this.#parts.board.alarm === null) return
    await this.#parts.board.dismiss()
    this.#follower.start()
  }

  /** Ends the connection and finishes what is being written. The store stays open: it is the caller's. */
  async stop(): Promise<void> {
    const { board, clock, contact, copy, check } = this.#parts
    if (board.stopped) return
    board.stop()
    await this.#follower.stop()
    await check.stop()
    await clock.save()
    await contact.save()
    await copy.checkpoint({ now: true })
  }
}
