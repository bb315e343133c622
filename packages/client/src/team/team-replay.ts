import { restoreCompartment, serializeCompartment } from '@countersign/ledger/checkpoint'
import {
  type CompartmentState,
  emptyCompartment,
  rebuildNeeded,
  reduceCompartment,
} from '@countersign/ledger/compartment'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { parsePlain } from '@countersign/ledger/plain-content'
import { reduceLedger } from '@countersign/ledger/reduce'
import type { Verdict } from '@countersign/ledger/refusal'
import { emptyState, type LedgerState } from '@countersign/ledger/state'
import { type EntryId, type EnvironmentId, LEDGER, parseStream } from '@countersign/schema/ids'
import type { LedgerContent } from '@countersign/schema/ledger-entries'
import { ClientError } from '../client-error.ts'
import { ItemIndex } from '../items/item-index.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Replica } from '../replica/replica.ts'
import type { EntryBatch } from '../replica/replica-options.ts'
import type { VerifiedEntry } from '../replica/verified-entry.ts'
import type { CompartmentCheckpoints } from './compartment-checkpoint.ts'
import { openContent } from './entry-body.ts'
import type { LedgerCheckpoint, LedgerCheckpoints } from './ledger-checkpoint.ts'

interface Compartment {
  /** Null until it is needed, where it came from a checkpoint. */
  state: CompartmentState | null
  readonly restore: () => CompartmentState
  index: ItemIndex
  /** Entries judged since the checkpoint. */
  fresh: number
}

const stateOf = (compartment: Compartment): CompartmentState => {
  compartment.state ??= compartment.restore()
  return compartment.state
}

export interface Checkpoints {
  readonly ledger: LedgerCheckpoints
  readonly compartments: CompartmentCheckpoints
}

/** What a batch of entries changed, for whoever shows it. */
export interface Changes {
  readonly ledger: boolean
  readonly environments: ReadonlySet<EnvironmentId>
}

/** Entry types that give or take keys. */
const KEY_TYPES = new Set([
  'team.create',
  'environment.create',
  'member.add',
  'member.access',
  'member.roles',
  'member.remove',
  'epoch.start',
])

const RECENT = 2000
/** A checkpoint is worth writing after so many entries. */
const CHECKPOINT_AFTER = 200

/**
 * The team as this member sees it: the ledger's bodies opened and reduced, the names of items in every compartment they may see. Fed by
 * the replica with verified entries, in order; synchronous, so that whoever appends re-checks against exactly what was stored.
 */
export class TeamReplay {
  readonly ledger: LedgerState
  readonly ring: KeyRing
  readonly #replica: Replica
  readonly #compartments = new Map<EnvironmentId, Compartment>()
  /** Why recent entries did not count, by id: an author learns it of their own, the audit view of all. */
  readonly #verdicts = new Map<EntryId, Verdict>()
  /** Their ids in a ring: the oldest makes room. */
  readonly #recent: EntryId[] = []
  #oldest = 0
  /** Compartments being judged again, with what arrives meanwhile. */
  readonly #rejudging = new Map<EnvironmentId, VerifiedEntry[]>()
  readonly #cuts = new Map<EnvironmentId, number>()
  /** Entries that cite ledger entries not reduced yet. */
  readonly #behind = new Map<EnvironmentId, VerifiedEntry[]>()
  /** When each member was added, by the clock of whoever added them. */
  readonly joinedAt: Map<string, number>
  /** Codes of what an honest server would not show. */
  readonly problems = new Set<string>()
  readonly #onChanges: (changes: Changes) => void
  /** Ledger entries judged since its checkpoint. */
  #freshLedger = 0
  /** An entry was judged unread for want of a key that may come: such a judgement is not to outlive the session. */
  #lackedKey = false
  #stop: () => void = () => {}

  private constructor(
    replica: Replica,
    ring: KeyRing,
    onChanges: (changes: Changes) => void,
    ledger: LedgerCheckpoint | null,
  ) {
    this.ledger = ledger?.state ?? emptyState()
    this.joinedAt = new Map(ledger?.joinedAt)
    this.#replica = replica
    this.ring = ring
    this.#onChanges = onChanges
  }

  /** Replays what is on the disk, then follows the replica. `onChanges` is called after each batch. */
  static async start(
    replica: Replica,
    ring: KeyRing,
    onChanges: (changes: Changes) => void,
    checkpoints: Checkpoints,
  ): Promise<TeamReplay> {
    const saved = await checkpoints.ledger.load((seq) => replica.hashAt(LEDGER, seq))
    const replay = new TeamReplay(replica, ring, onChanges, saved)
    await replay.#takeNeededKeys()
    let next = replay.ledger.hashes.length
    const compartmentAt = new Map<EnvironmentId, number>()
    // Entries may arrive while the disk is read: go on until a pass finds nothing new, then listen, with no hop in between.
    for (;;) {
      const before = next
      for await (const page of replica.pages(LEDGER, next)) {
        for (const entry of page) replay.#ledgerEntry(entry)
        next += page.length
      }
      let moved = next !== before
      if (moved) replay.#ledgerMoved()
      for (const environment of replay.ledger.projection.environments.keys()) {
        const stream = `c/${environment}`
        let at =
          compartmentAt.get(environment) ??
          (await replay.#takeCheckpoint(environment, checkpoints.compartments))
        for await (const page of replica.pages(stream, at)) {
          for (const entry of page) replay.#compartmentEntry(environment, entry)
          at += page.length
          moved ||= page.length > 0
        }
        compartmentAt.set(environment, at)
      }
      const whole = (stream: string, at: number): boolean => (replica.head(stream)?.seq ?? -1) + 1 === at
      const compartmentsWhole = [...compartmentAt].every(([environment, at]) => whole(`c/${environment}`, at))
      if (!moved && whole(LEDGER, next) && compartmentsWhole) break
      await replay.#takeNeededKeys()
    }
    replay.#stop = replica.onEntries((batch) => onChanges(replay.#take(batch)))
    return replay
  }

  stop(): void {
    this.#stop()
  }

  index(environment: EnvironmentId): ItemIndex | undefined {
    return this.#compartments.get(environment)?.index
  }

  /** Writes checkpoints of the ledger and of compartments in which much happened since the last one. */
  async saveCheckpoints({ ledger, compartments }: Checkpoints): Promise<void> {
    if (this.#freshLedger >= CHECKPOINT_AFTER && !this.#lackedKey) {
      this.#freshLedger = 0
      await ledger.save({ state: this.ledger, joinedAt: this.joinedAt })
    }
    for (const [environment, compartment] of this.#compartments) {
      if (compartment.fresh < CHECKPOINT_AFTER || this.#rejudging.has(environment)) continue
      if (this.#behind.has(environment) || compartment.index.hidden > 0) continue
      const state = stateOf(compartment)
      const seq = state.hashes.length - 1
      const hash = await this.#replica.hashAt(`c/${environment}`, seq)
      if (hash === undefined || state.hashes.length - 1 !== seq) continue
      compartment.fresh = 0
      await compartments.save(environment, {
        seq,
        hash,
        cuts: this.ledger.projection.environments.get(environment)?.cuts.length ?? 0,
        state: serializeCompartment(state),
        index: compartment.index.stored(),
      })
    }
  }

  /** Starts a compartment from its checkpoint; returns the position to read on from. */
  async #takeCheckpoint(environment: EnvironmentId, checkpoints: CompartmentCheckpoints): Promise<number> {
    const checkpoint = await checkpoints
      .load(environment, (seq) => this.#replica.hashAt(`c/${environment}`, seq))
      .catch((error: unknown) => {
        // A damaged checkpoint costs time, not data: the entries themselves are replayed.
        if (error instanceof ClientError) return null
        throw error
      })
    const { projection } = this.ledger
    const cuts = projection.environments.get(environment)?.cuts.length
    if (checkpoint === null || checkpoint.cuts !== cuts) return 0
    this.#cuts.set(environment, cuts)
    this.#compartments.set(environment, {
      state: null,
      restore: () => restoreCompartment(checkpoint.state),
      index: ItemIndex.restore(projection.team ?? '', environment, checkpoint.index),
      fresh: 0,
    })
    return checkpoint.seq + 1
  }

  /** What the reducer had against a recent entry; undefined where it had nothing, or that was long ago. */
  verdict(id: EntryId): Verdict | undefined {
    return this.#verdicts.get(id)
  }

  #take(batch: EntryBatch): Changes {
    const stream = parseStream(batch.stream)
    if (stream.kind === 'ledger') {
      for (const entry of batch.entries) this.#ledgerEntry(entry)
      return { ledger: true, environments: this.#ledgerMoved() }
    }
    if (stream.kind !== 'compartment') return { ledger: false, environments: new Set() }
    for (const entry of batch.entries) this.#compartmentEntry(stream.environment, entry)
    return { ledger: false, environments: new Set([stream.environment]) }
  }

  /**
   * Wraps that lie in ledger entries. The projection is ahead of the disk by the entries that are being written: one of them may bring
   * the key under which those before it are sealed, and they would be judged unreadable without it.
   */
  async #takeNeededKeys(): Promise<void> {
    const { projection } = this.#replica
    for (const seq of this.ring.needed(projection)) {
      await this.#onDisk(seq)
      const entry = await this.#replica.proven(LEDGER, seq)
      if (entry == null) continue
      this.ring.update(projection, (at) => (at === seq ? parsePlain(entry.entry.envelope) : undefined))
    }
    this.ring.update(projection, () => undefined)
  }

  /** Resolves once the ledger is on the disk as far as `seq`; what is projected is being written, however long that takes. */
  #onDisk(seq: number): Promise<void> {
    const replica = this.#replica
    const there = (): boolean => (replica.head(LEDGER)?.seq ?? -1) >= seq
    if (there()) return Promise.resolve()
    return new Promise((resolve) => {
      const forget = replica.onEntries(() => {
        if (!there()) return
        forget()
        resolve()
      })
    })
  }

  #ledgerEntry(entry: VerifiedEntry): void {
    this.#freshLedger += 1
    const { envelope } = entry.entry
    // Its own body may be sealed under a key that comes with it; one read from the disk may have got there a moment ago.
    if (KEY_TYPES.has(envelope.type)) {
      this.ring.update(this.#replica.projection, (seq) =>
        seq === entry.seq ? parsePlain(envelope) : undefined,
      )
    }
    const opened = openContent(envelope, (epoch) => this.ring.teamKey(epoch))
    const read = typeof opened === 'string' ? { content: null } : opened
    const { content } = read
    if (opened === 'entry.no_key') this.#lackedKey = true
    const verdict = reduceLedger(this.ledger, { envelope, hash: entry.hash, ...read })
    this.#remember(envelope.id, verdict)
    if (content !== null && verdict.accepted) this.#noteJoin(content, envelope.time)
    if (KEY_TYPES.has(envelope.type) && verdict.accepted) {
      this.ring.update(this.ledger.projection, (seq) =>
        seq === entry.seq ? parsePlain(envelope) : undefined,
      )
    }
  }

  #noteJoin(content: LedgerContent, time: number): void {
    if (content.type !== 'team.create' && content.type !== 'member.add') return
    this.joinedAt.set(content.plain.member.member, time)
  }

  /** Entries that waited for the ledger are judged; compartments whose past a late cut changes (P5), or whose names now open, are judged again. */
  #ledgerMoved(): Set<EnvironmentId> {
    const changed = new Set<EnvironmentId>()
    for (const [environment, entries] of [...this.#behind]) {
      this.#behind.delete(environment)
      for (const entry of entries) this.#compartmentEntry(environment, entry)
      changed.add(environment)
    }
    for (const [environment, compartment] of this.#compartments) {
      const { index } = compartment
      const need = this.#cutSince(environment) ? rebuildNeeded(stateOf(compartment), this.ledger) : 'current'
      if (need === 'forked') this.problems.add('chain.cut_fork')
      const epoch = this.ledger.projection.environments.get(environment)?.epochs.at(-1)?.epoch
      const opened = index.hidden > 0 && epoch !== undefined && this.ring.metaKey(environment, epoch) !== null
      if (need !== 'rebuild' && !opened) continue
      changed.add(environment)
      void this.#rejudge(environment)
    }
    return changed
  }

  #compartmentEntry(environment: EnvironmentId, entry: VerifiedEntry): void {
    const held = this.#rejudging.get(environment) ?? this.#behind.get(environment)
    if (held !== undefined) {
      held.push(entry)
      return
    }
    const compartment = this.#compartments.get(environment) ?? this.#newCompartment(environment)
    this.#compartments.set(environment, compartment)
    const verdict = this.#judge(environment, compartment, entry)
    if (!verdict.accepted && verdict.code === 'ledger.behind') this.#behind.set(environment, [entry])
  }

  /** Whether the ledger has cut a compartment since it was last asked. */
  #cutSince(environment: EnvironmentId): boolean {
    const cuts = this.ledger.projection.environments.get(environment)?.cuts.length ?? 0
    const before = this.#cuts.get(environment)
    this.#cuts.set(environment, cuts)
    return before !== cuts
  }

  #newCompartment(environment: EnvironmentId): Compartment {
    return {
      state: null,
      restore: () => emptyCompartment(environment),
      index: new ItemIndex(this.ledger.projection.team ?? '', environment),
      fresh: 0,
    }
  }

  #judge(environment: EnvironmentId, compartment: Compartment, entry: VerifiedEntry): Verdict {
    const { envelope } = entry.entry
    const content = parseCompartmentContent(envelope)
    compartment.fresh += 1
    const verdict = reduceCompartment(stateOf(compartment), this.ledger, {
      envelope,
      content,
      hash: entry.hash,
    })
    this.#remember(envelope.id, verdict)
    if (content !== null) {
      const metaKey = this.ring.metaKey(environment, content.plain.epoch)
      compartment.index.apply(entry, content, verdict, metaKey)
    }
    return verdict
  }

  /** A cut that came late changes what counted before it (P5): the compartment is judged again from its first entry. */
  async #rejudge(environment: EnvironmentId): Promise<void> {
    if (this.#rejudging.has(environment)) return
    const arrived: VerifiedEntry[] = []
    this.#rejudging.set(environment, arrived)
    const fresh = this.#newCompartment(environment)
    let next = 0
    for await (const page of this.#replica.pages(`c/${environment}`)) {
      for (const entry of page) this.#judge(environment, fresh, entry)
      next += page.length
    }
    for (const entry of arrived) if (entry.seq >= next) this.#judge(environment, fresh, entry)
    this.#rejudging.delete(environment)
    this.#compartments.set(environment, fresh)
    this.#onChanges({ ledger: false, environments: new Set([environment]) })
  }

  #remember(id: EntryId, verdict: Verdict): void {
    if (verdict.accepted) {
      // It may have been refused for the time being.
      if (this.#verdicts.size > 0) this.#verdicts.delete(id)
      return
    }
    const gone = this.#recent[this.#oldest]
    if (gone !== undefined && gone !== id) this.#verdicts.delete(gone)
    this.#recent[this.#oldest] = id
    this.#oldest = (this.#oldest + 1) % RECENT
    this.#verdicts.set(id, verdict)
  }
}
