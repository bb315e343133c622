import type { Secret } from '@countersign/crypto/secret'
import type { CompartmentContent } from '@countersign/ledger/compartment-content'
import type { Verdict } from '@countersign/ledger/refusal'
import type { EnvironmentId, ItemId, MemberId, TeamId } from '@countersign/schema/ids'
import type { ItemMeta } from '@countersign/schema/item'
import type { VerifiedEntry } from '../replica/verified-entry.ts'
import { readItemMeta } from './item-blobs.ts'

/** One version in an item's history; `seq` is its entry in the compartment stream. */
export interface ItemVersion {
  readonly version: number
  readonly seq: number
  readonly at: number
  readonly by: MemberId
  readonly deleted: boolean
  /** Written on a base that was no longer current (P19): kept to choose from, never current by itself. */
  readonly conflict: boolean
}

export interface ItemRecord {
  readonly item: ItemId
  readonly environment: EnvironmentId
  /** Meta of the current version; of the last one before a deletion. */
  readonly meta: ItemMeta
  readonly current: ItemVersion
  readonly history: readonly ItemVersion[]
}

interface StoredItem {
  readonly item: ItemId
  readonly meta: Omit<ItemMeta, 'valueHash'> & { readonly valueHash: string }
  readonly history: readonly (readonly [number, number, number, MemberId, boolean, boolean])[]
  /** Which of the history is current. */
  readonly current: number
}
/** One part of an index; the unreadable ones are counted in the first. */
interface StoredPart {
  readonly items: readonly StoredItem[]
  readonly unreadable: number
}

/** A part of a stored index ends with the item that brings it to so many characters. */
const PART_LENGTH = 512 * 1024

/** Whether versions written on one base wait for somebody to choose: the next accepted version settles it. */
export const hasFork = (record: ItemRecord): boolean => record.history.at(-1)?.conflict === true

/** The items of one compartment: what is there, what it is called, which versions it had. Values stay sealed in the store. */
export class ItemIndex {
  readonly #team: TeamId
  readonly #environment: EnvironmentId
  readonly #items = new Map<ItemId, ItemRecord>()
  /** One item, or the few where two people made a name at the same time: a set for each of them would weigh more than the names. */
  readonly #byName = new Map<string, ItemId | Set<ItemId>>()
  #size = 0
  /** Entries that were accepted and whose meta does not open: their author sealed nonsense. The item keeps the meta it had. */
  unreadable = 0
  /** Entries that counted while this member could not see names here. */
  hidden = 0

  constructor(team: TeamId, environment: EnvironmentId) {
    this.#team = team
    this.#environment = environment
  }

  /** The index that the parts of `stored` describe: this installation's own sealed bytes, so their form is not checked again. */
  static restore(team: TeamId, environment: EnvironmentId, stored: Iterable<string>): ItemIndex {
    const index = new ItemIndex(team, environment)
    for (const part of stored) {
      const { items, unreadable }: StoredPart = JSON.parse(part)
      for (const item of items) index.#restoreItem(item)
      index.unreadable += unreadable
    }
    return index
  }

  #restoreItem({ item, meta, history, current }: StoredItem): void {
    const versions = history.map(
      ([version, seq, at, by, deleted, conflict]): ItemVersion => ({
        version,
        seq,
        at,
        by,
        deleted,
        conflict,
      }),
    )
    const now = versions[current]
    if (now === undefined) return
    const valueHash = new Uint8Array(Buffer.from(meta.valueHash, 'base64'))
    const environment = this.#environment
    this.#put({ item, environment, meta: { ...meta, valueHash }, current: now, history: versions })
  }

  /** For a checkpoint that the caller seals: the index as it is now, in parts that are made one by one. */
  stored(): Generator<string> {
    return storedParts([...this.#items.values()], this.unreadable)
  }

  get(item: ItemId): ItemRecord | undefined {
    return this.#items.get(item)
  }

  /** Items that are not deleted. */
  *list(): Generator<ItemRecord> {
    for (const record of this.#items.values()) if (!record.current.deleted) yield record
  }

  /** How many items `list` gives. */
  get size(): number {
    return this.#size
  }

  /** Items of a name that are not deleted; more than one where two people made it at the same time. */
  named(name: string): ItemRecord[] {
    const found: ItemRecord[] = []
    const items = this.#byName.get(name) ?? []
    for (const item of typeof items === 'string' ? [items] : items) {
      const record = this.#items.get(item)
      if (record !== undefined && !record.current.deleted) found.push(record)
    }
    return found
  }

  /** Takes an entry the reducer has judged. `metaKey` null: this member may not see names here. */
  apply(entry: VerifiedEntry, content: CompartmentContent, verdict: Verdict, metaKey: Secret | null): void {
    const conflict = !verdict.accepted && verdict.code === 'item.conflict'
    if (!verdict.accepted && !conflict) return
    if (metaKey === null) {
      this.hidden += 1
      return
    }
    const { item, version } = content.plain
    const { time, member } = entry.entry.envelope
    const step: ItemVersion = {
      version,
      seq: entry.seq,
      at: time,
      by: member,
      deleted: content.type === 'item.delete',
      conflict,
    }
    const before = this.#items.get(item)
    const history = before === undefined ? [step] : [...before.history, step]
    if (conflict) {
      if (before !== undefined) this.#items.set(item, { ...before, history })
      return
    }
    const meta =
      content.type === 'item.put'
        ? readItemMeta(this.#team, this.#environment, content.plain, metaKey)
        : before?.meta
    if (meta === undefined) {
      this.unreadable += 1
      // Its version counts all the same: whoever changes the item next writes on top of it.
      if (before !== undefined) this.#put({ ...before, current: step, history })
      return
    }
    if (before !== undefined && before.meta.name !== meta.name) this.#unname(before.meta.name, item)
    this.#put({ item, environment: this.#environment, meta, current: step, history })
  }

  #put(record: ItemRecord): void {
    const { item, meta } = record
    const before = this.#items.get(item)
    this.#size += Number(!record.current.deleted) - Number(before !== undefined && !before.current.deleted)
    this.#items.set(item, record)
    const named = this.#byName.get(meta.name)
    if (named === undefined) this.#byName.set(meta.name, item)
    else if (typeof named !== 'string') named.add(item)
    else if (named !== item) this.#byName.set(meta.name, new Set([named, item]))
  }

  #unname(name: string, item: ItemId): void {
    const named = this.#byName.get(name)
    if (named === item) this.#byName.delete(name)
    else if (named !== undefined && typeof named !== 'string') named.delete(item)
  }
}

const storedItem = ({ item, meta, current, history }: ItemRecord): StoredItem => ({
  item,
  meta: { ...meta, valueHash: Buffer.from(meta.valueHash).toString('base64') },
  history: history.map(({ version, seq, at, by, deleted, conflict }) => [
    version,
    seq,
    at,
    by,
    deleted,
    conflict,
  ]),
  current: history.indexOf(current),
})

/** Records are never written to: those of now stay what they are while this goes on. */
function* storedParts(records: readonly ItemRecord[], unreadable: number): Generator<string> {
  let items: string[] = []
  let length = 0
  let left = unreadable
  const part = (): string => `{"items":[${items.join()}],"unreadable":${left}}`
  for (const record of records) {
    const item = JSON.stringify(storedItem(record))
    items.push(item)
    length += item.length
    if (length < PART_LENGTH) continue
    yield part()
    items = []
    length = 0
    left = 0
  }
  if (items.length > 0 || left > 0) yield part()
}
