import { equalBytes } from '@countersign/crypto/verify'
import { seqSchema, timeSchema } from '@countersign/schema/bytes'
import type { Envelope, Head } from '@countersign/schema/entry'
import {
  compartmentStream,
  type EntryId,
  type EnvironmentId,
  type ItemId,
  idSchema,
} from '@countersign/schema/ids'
import { z } from 'zod'
import type { CompartmentContent } from './compartment-content.ts'
import { zeroHash } from './entry-hash.ts'
import { HashLog } from './hash-log.ts'
import { accessOf, epochAt } from './projection-lookup.ts'
import type { EnvironmentRecord } from './projection-record.ts'
import { ACCEPTED, type RefusalCode, refused, type Verdict } from './refusal.ts'
import { verifiedAsKnown } from './shadow.ts'
import type { LedgerState } from './state.ts'

/** An item's current version. Blobs stay with whoever stores the entries: `seq` and `history` find them. */
export const itemStateSchema = z.strictObject({
  version: z.number().int().min(1),
  seq: seqSchema,
  epoch: seqSchema,
  deleted: z.boolean(),
  member: idSchema,
  time: timeSchema,
  /** The entries of all accepted versions, oldest first; the last one is current. */
  history: z.array(seqSchema),
})
export type ItemState = z.infer<typeof itemStateSchema>

/** A version written on a base that was no longer current: kept to choose from, never current by itself (P19). */
export const itemForkSchema = z.strictObject({
  item: idSchema,
  base: seqSchema,
  seq: seqSchema,
  deleted: z.boolean(),
  member: idSchema,
  time: timeSchema,
})
export type ItemFork = z.infer<typeof itemForkSchema>

/** One compartment's items. Owned and updated in place by the one caller that replays its stream. */
export interface CompartmentState {
  readonly environment: EnvironmentId
  hashes: HashLog
  ids: Set<EntryId>
  /** The newest ledger entry that an accepted entry cited; -1 before the first. */
  citedSeq: number
  /** Epoch → the last entry under it that was accepted or set aside: tells whether a cut that arrives late takes something back. */
  lastUnder: Map<number, number>
  items: Map<ItemId, ItemState>
  /** Undecided forks; a later accepted version of the item settles them. */
  forks: Map<ItemId, ItemFork[]>
}

export const emptyCompartment = (environment: EnvironmentId): CompartmentState => ({
  environment,
  hashes: new HashLog(),
  ids: new Set(),
  citedSeq: -1,
  lastUnder: new Map(),
  items: new Map(),
  forks: new Map(),
})

/** A compartment entry whose author is verified. `content` null: it does not parse. `hash`: `entryHash` of its bytes. */
export interface CompartmentEntry {
  readonly envelope: Envelope
  readonly content: CompartmentContent | null
  readonly hash: Uint8Array
}

/** L2, L42: the entry is the next of its stream, and the ledger head it cites is in this ledger. */
const checkChain = (
  state: CompartmentState,
  ledger: LedgerState,
  entry: CompartmentEntry,
): RefusalCode | null => {
  const { envelope } = entry
  const seq = state.hashes.length
  if (envelope.team !== ledger.projection.team) return 'chain.team'
  if (envelope.stream !== compartmentStream(state.environment)) return 'chain.stream'
  if (envelope.seq !== seq) return 'chain.seq'
  const follows = seq === 0 ? equalBytes(envelope.prev, zeroHash()) : state.hashes.has(seq - 1, envelope.prev)
  if (!follows) return 'chain.prev'
  const cited = envelope.ledger
  if (cited === null) return 'chain.ledger_fork'
  if (cited.seq >= ledger.hashes.length) return 'ledger.behind'
  if (!ledger.hashes.has(cited.seq, cited.hash)) return 'chain.ledger_fork'
  const cuts = ledger.projection.environments.get(state.environment)?.cuts ?? []
  const forked = cuts.some(({ head }) => head?.seq === envelope.seq && !equalBytes(head.hash, entry.hash))
  return forked ? 'chain.cut_fork' : null
}

/** L43: the author was active and held the environment as of the cited head. */
const checkAuthor = (
  ledger: LedgerState,
  envelope: Envelope,
  environment: EnvironmentRecord,
  cited: Head,
) => {
  const stoodAt = (record: { addedAt: number; removedAt: number | null } | undefined): boolean =>
    record !== undefined &&
    record.addedAt <= cited.seq &&
    (record.removedAt === null || record.removedAt > cited.seq)
  const { projection } = ledger
  const device = projection.devices.get(envelope.device)
  if (!stoodAt(projection.members.get(envelope.member))) return 'author.inactive'
  if (!stoodAt(device) || device?.member !== envelope.member) return 'author.device'
  const { level } = accessOf(projection, environment.environment, envelope.member, cited.seq)
  if (level !== 'hold') return 'compartment.not_holder'
  return verifiedAsKnown(projection, ledger.plain, envelope, cited.seq) ? null : 'author.unverified'
}

/** L44: under the epoch current as of the cited head, and after a cut under none older than the cut allows. */
const checkEpoch = (environment: EnvironmentRecord, seq: number, epoch: number, cited: Head) => {
  if (epochAt(environment, cited.seq)?.epoch !== epoch) return 'compartment.epoch'
  const cut = environment.cuts.some((each) => seq > (each.head?.seq ?? -1) && epoch < each.minEpoch)
  return cut ? 'compartment.cut' : null
}

const checkItem = (state: CompartmentState, content: CompartmentContent): RefusalCode | null => {
  const { item, base, version } = content.plain
  if (version !== base + 1) return 'item.version'
  const current = state.items.get(item)
  if ((current?.version ?? 0) !== base) return 'item.conflict'
  const nothingThere = current === undefined || current.deleted
  return content.type === 'item.delete' && nothingThere ? 'item.unknown' : null
}

const judge = (state: CompartmentState, ledger: LedgerState, entry: CompartmentEntry): RefusalCode | null => {
  const { envelope, content } = entry
  const cited = envelope.ledger
  if (state.ids.has(envelope.id)) return 'entry.duplicate_id'
  if (content === null || cited === null || content.type !== envelope.type) return 'entry.malformed'
  if (cited.seq < state.citedSeq) return 'ledger.decreased'
  const environment = ledger.projection.environments.get(state.environment)
  const first = environment?.epochs[0]
  if (environment === undefined || first === undefined || first.startedAt > cited.seq)
    return 'compartment.unknown'
  return (
    checkAuthor(ledger, envelope, environment, cited) ??
    checkEpoch(environment, envelope.seq, content.plain.epoch, cited) ??
    checkItem(state, content)
  )
}

const put = (state: CompartmentState, envelope: Envelope, content: CompartmentContent): void => {
  const { item, version, epoch } = content.plain
  const { seq, member, time } = envelope
  const current = state.items.get(item)
  const deleted = content.type === 'item.delete'
  if (current === undefined) {
    state.items.set(item, { version, seq, epoch, deleted, member, time, history: [seq] })
  } else {
    Object.assign(current, { version, seq, epoch, deleted, member, time })
    current.history.push(seq)
  }
  state.forks.delete(item)
  state.lastUnder.set(epoch, seq)
  state.citedSeq = envelope.ledger?.seq ?? state.citedSeq
}

const setAside = (state: CompartmentState, envelope: Envelope, content: CompartmentContent): void => {
  const { item, base, epoch } = content.plain
  const { seq, member, time } = envelope
  const fork = { item, base, seq, deleted: content.type === 'item.delete', member, time }
  const forks = state.forks.get(item)
  if (forks === undefined) state.forks.set(item, [fork])
  else forks.push(fork)
  state.lastUnder.set(epoch, seq)
}

/**
 * Takes the compartment's next entry, whose author is verified (L40–L47). State is a joint function of ledger and compartment: after
 * the ledger moved, ask `rebuildNeeded`. A `chain.*` refusal leaves the state as it was and ends the replay; `ledger.behind` leaves it
 * as it was until the ledger has caught up; with any other refusal the entry stands in the stream and only `item.conflict` keeps it,
 * as a fork to choose from.
 */
export const reduceCompartment = (
  state: CompartmentState,
  ledger: LedgerState,
  entry: CompartmentEntry,
): Verdict => {
  const broken = checkChain(state, ledger, entry)
  if (broken !== null) return refused(broken)
  const { envelope, content, hash } = entry
  const code = judge(state, ledger, entry)
  if (content !== null && code === null) put(state, envelope, content)
  if (content !== null && code === 'item.conflict') setAside(state, envelope, content)
  state.hashes.push(hash)
  state.ids.add(envelope.id)
  return code === null ? ACCEPTED : refused(code)
}

/**
 * Whether what was accepted or set aside still stands under the ledger as it is now (L46): `rebuild` where a cut that arrived late takes
 * entries back (reduce the stream again from an empty state), `forked` where a cut names an entry that is not in this stream.
 */
export const rebuildNeeded = (
  state: CompartmentState,
  ledger: LedgerState,
): 'current' | 'rebuild' | 'forked' => {
  const cuts = ledger.projection.environments.get(state.environment)?.cuts ?? []
  let answer: 'current' | 'rebuild' = 'current'
  for (const { head, minEpoch } of cuts) {
    if (head !== null && head.seq < state.hashes.length && !state.hashes.has(head.seq, head.hash))
      return 'forked'
    for (const [epoch, last] of state.lastUnder) {
      if (epoch < minEpoch && last > (head?.seq ?? -1)) answer = 'rebuild'
    }
  }
  return answer
}
