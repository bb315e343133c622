import { type CompartmentContent, parseCompartmentContent } from '@countersign/ledger/compartment-content'
import type { AuditRecord } from '@countersign/schema/audit'
import {
  auditStream,
  type DeviceId,
  type EnvironmentId,
  LEDGER,
  type MemberId,
  type StreamName,
} from '@countersign/schema/ids'
import type { LedgerContent } from '@countersign/schema/ledger-entries'
import { readItemMeta } from '../items/item-blobs.ts'
import type { VerifiedEntry } from '../replica/verified-entry.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { openContent } from '../team/entry-body.ts'
import { type AuditProblem, AuditReader } from './audit-reader.ts'
import { mergeCausally } from './merge-causally.ts'

interface Common {
  /** `<stream> <seq>.<index>`: where it stands. */
  readonly id: string
  readonly time: number
  readonly member: MemberId
  readonly device: DeviceId
  readonly seq: number
  readonly ledgerSeq: number
}

/** One thing that happened, from whichever stream proves it. */
export type TimelineEvent =
  /** `content` null: the entry's body did not open. */
  | (Common & {
      readonly source: 'ledger'
      readonly content: LedgerContent | null
      readonly type: string
      readonly refused: string | null
    })
  | (Common & {
      readonly source: 'compartment'
      readonly environment: EnvironmentId
      /** `unreadable`: it is no item change, or this member has no key to what it says. */
      readonly change: 'put' | 'delete' | 'unreadable'
      readonly item: string | null
      readonly version: number | null
      readonly refused: string | null
    })
  | (Common & { readonly source: 'device'; readonly record: AuditRecord })

const changes = { 'item.put': 'put', 'item.delete': 'delete' } as const

const timelines = new WeakMap<UnlockedSession, AuditTimeline>()

/**
 * Everything that happened, in causal order (P18): the ledger, the compartments whose entries this member gets, and for auditors what
 * each device recorded. Reads on from where it stopped; entries' signatures and chains were verified by the replica.
 */
export class AuditTimeline {
  readonly #session: UnlockedSession
  readonly #lists = new Map<StreamName, TimelineEvent[]>()
  readonly #next = new Map<StreamName, number>()
  readonly #readers = new Map<DeviceId, AuditReader>()
  readonly problems: AuditProblem[] = []

  private constructor(session: UnlockedSession) {
    this.#session = session
  }

  /** The one timeline of a session: whoever asks reads on from where it stopped. */
  static of(session: UnlockedSession): AuditTimeline {
    const known = timelines.get(session) ?? new AuditTimeline(session)
    timelines.set(session, known)
    return known
  }

  /** Number of streams that were read. */
  get streams(): number {
    return this.#next.size
  }

  /** Reads what is new on this disk and returns all events, oldest first. */
  async read(): Promise<TimelineEvent[]> {
    const { projection } = this.#session.ledger
    await this.#follow(LEDGER, (entry) => [this.#ledgerEvent(entry)])
    for (const environment of projection.environments.keys()) {
      await this.#follow(`c/${environment}`, (entry) => [this.#itemEvent(environment, entry)])
    }
    for (const device of projection.devices.keys()) {
      await this.#follow(auditStream(device), (entry) => this.#recordEvents(device, entry))
    }
    const ledger = this.#lists.get(LEDGER) ?? []
    return mergeCausally([
      ledger,
      ...[...this.#lists].filter(([stream]) => stream !== LEDGER).map(([, list]) => list),
    ])
  }

  async #follow(stream: StreamName, events: (entry: VerifiedEntry) => TimelineEvent[]): Promise<void> {
    const { replica } = this.#session.device
    if (replica.head(stream) === null) return
    const list = this.#lists.get(stream) ?? []
    this.#lists.set(stream, list)
    let next = this.#next.get(stream) ?? 0
    for await (const page of replica.pages(stream, next)) {
      for (const entry of page) {
        if (entry.seq < (this.#next.get(stream) ?? 0)) continue
        list.push(...events(entry))
        next = entry.seq + 1
        this.#next.set(stream, next)
      }
    }
    this.#next.set(stream, next)
  }

  #common(entry: VerifiedEntry, ledgerSeq: number, index = 0): Common {
    const { envelope } = entry.entry
    const { member, device, time } = envelope
    return { id: `${envelope.stream} ${entry.seq}.${index}`, time, member, device, seq: entry.seq, ledgerSeq }
  }

  #refused(entry: VerifiedEntry): string | null {
    const verdict = this.#session.verdict(entry.entry.envelope.id)
    return verdict === undefined || verdict.accepted ? null : verdict.code
  }

  #ledgerEvent(entry: VerifiedEntry): TimelineEvent {
    const { envelope } = entry.entry
    const opened = openContent(envelope, (epoch) => this.#session.ring.teamKey(epoch))
    const content = typeof opened === 'string' ? null : opened.content
    return {
      ...this.#common(entry, entry.seq),
      source: 'ledger',
      type: envelope.type,
      content,
      refused: this.#refused(entry),
    }
  }

  #itemEvent(environment: EnvironmentId, entry: VerifiedEntry): TimelineEvent {
    const { envelope } = entry.entry
    const content = parseCompartmentContent(envelope)
    return {
      ...this.#common(entry, envelope.ledger?.seq ?? -1),
      source: 'compartment',
      environment,
      change: content === null || !this.#opens(environment, content) ? 'unreadable' : changes[content.type],
      item: content?.plain.item ?? null,
      version: content?.plain.version ?? null,
      refused: this.#refused(entry),
    }
  }

  /** Whether this member has the key to what the entry says, and it opens. A deletion says nothing that is sealed. */
  #opens(environment: EnvironmentId, content: CompartmentContent): boolean {
    if (content.type === 'item.delete') return true
    const { ring, team } = this.#session
    const key = ring.metaKey(environment, content.plain.epoch)
    return key !== null && readItemMeta(team, environment, content.plain, key) !== undefined
  }

  #recordEvents(device: DeviceId, entry: VerifiedEntry): TimelineEvent[] {
    const reader =
      this.#readers.get(device) ??
      new AuditReader(
        { team: this.#session.team, device },
        (epoch) => this.#session.ring.auditKeys(epoch) ?? undefined,
      )
    this.#readers.set(device, reader)
    const { facts, problem } = reader.read(entry.entry.envelope)
    if (problem !== null) this.problems.push(problem)
    return facts.map(({ record, index, ledgerSeq }) => ({
      ...this.#common(entry, ledgerSeq, index),
      time: record.time,
      source: 'device',
      record,
    }))
  }
}
