import { newId } from '@countersign/schema/ids'
import type { ItemMeta, ItemValue } from '@countersign/schema/item'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import { describedAs, findItem, makeChange, writeOrQueue } from './item-actions.ts'
import type { ItemRecord, ItemVersion } from './item-index.ts'
import { openAsHolder, openedValue } from './item-values.ts'
import { changeOf, type QueuedChange, settleConflicts } from './offline-items.ts'

/** One of the versions to choose from (P19): what counts now, one written beside it, or one made offline here that came too late. */
export interface Choice {
  readonly id: string
  readonly kind: 'current' | 'beside' | 'offline'
  readonly version: number
  readonly at: number
  readonly by: string
  readonly deleted: boolean
  /** Null for a deletion. */
  readonly meta: Omit<ItemMeta, 'valueHash'> | null
}

/** A change made offline that could not be made; its item may be gone, or never have been. */
export interface StrandedChange {
  readonly id: string
  readonly change: QueuedChange
  readonly createdAt: number
  readonly problem: { readonly code: string; readonly message: string }
}

const CURRENT = 'current'
const besideId = ({ seq }: ItemVersion): string => `beside-${seq}`
const offlineId = (intent: string): string => `offline-${intent}`

const gone = (): Refusal =>
  refuse('conflict.unknown', 'There is no such version to choose any more.', 'Look at the credential again.')

/** Versions written on a base that was no longer current, since the last version that counted. */
const besides = ({ history }: ItemRecord): ItemVersion[] => {
  const settledAt = history.findLastIndex((version) => !version.conflict)
  return history.slice(settledAt + 1)
}

export const strandedChanges = (session: UnlockedSession): StrandedChange[] =>
  session.device.replica.intents.conflicts().flatMap((intent) => {
    const change = changeOf(session, intent)
    if (change === null || intent.conflict === null) return []
    return [{ id: intent.id, change, createdAt: intent.createdAt, problem: intent.conflict }]
  })

const strandedOf = (session: UnlockedSession, item: string): StrandedChange[] =>
  strandedChanges(session).filter(({ change }) => change.item === item)

/** Everything there is to choose from, what counts now first. Just that where nothing is in conflict. */
export const choicesOf = async (session: UnlockedSession, record: ItemRecord): Promise<Choice[]> => {
  const { current } = record
  const { version, at, by, deleted } = current
  const described = deleted ? null : describedAs(record.meta)
  const choices: Choice[] = [{ id: CURRENT, kind: 'current', version, at, by, deleted, meta: described }]
  for (const each of besides(record)) {
    const opened = each.deleted ? null : await openAsHolder(session, record, each)
    if (opened !== null && !opened.ok) continue
    opened?.value.key.wipe()
    choices.push({
      id: besideId(each),
      kind: 'beside',
      version: each.version,
      at: each.at,
      by: each.by,
      deleted: each.deleted,
      meta: opened === null ? null : describedAs(opened.value.meta),
    })
  }
  for (const { id, change, createdAt } of strandedOf(session, record.item)) {
    choices.push({
      id: offlineId(id),
      kind: 'offline',
      version: change.base + 1,
      at: createdAt,
      by: session.member,
      deleted: change.act === 'delete',
      meta: change.act === 'put' ? change.meta : null,
    })
  }
  return choices
}

type Content = { readonly meta: Omit<ItemMeta, 'valueHash'>; readonly value: ItemValue } | 'deleted'

const contentOf = async (
  session: UnlockedSession,
  record: ItemRecord,
  choice: string,
): Promise<Outcome<Content>> => {
  const stranded = strandedOf(session, record.item).find(({ id }) => offlineId(id) === choice)
  if (stranded !== undefined) {
    const { change } = stranded
    return ok(change.act === 'put' ? { meta: change.meta, value: change.value } : 'deleted')
  }
  const version =
    choice === CURRENT ? record.current : besides(record).find((each) => besideId(each) === choice)
  if (version === undefined) return gone()
  if (version.deleted) return ok('deleted')
  const opened = await openAsHolder(session, record, version)
  if (!opened.ok) return opened
  const value = openedValue(session.team, opened.value)
  opened.value.key.wipe()
  return ok({ meta: describedAs(opened.value.meta), value })
}

/** The value of one of the choices. For one field's explicit reveal. */
export const choiceValue = async (
  session: UnlockedSession,
  record: ItemRecord,
  choice: string,
): Promise<Outcome<ItemValue>> => {
  const content = await contentOf(session, record, choice)
  if (!content.ok) return content
  return content.value === 'deleted' ? gone() : ok(content.value.value)
}

/**
 * Settles a conflict: what was chosen becomes a new version on top of `base`, and whatever else was to choose from is history. To keep
 * what counts now against a change that never left this computer takes no new version.
 */
export const settleConflict = async (
  session: UnlockedSession,
  record: ItemRecord,
  base: number,
  choice: string,
): Promise<Outcome<{ deleted: boolean }>> => {
  const { environment, item, current } = record
  if (current.version !== base) {
    return refuse('item.conflict', 'Somebody changed this credential meanwhile.', 'Look again, then choose.')
  }
  if (choice === CURRENT && besides(record).length === 0) {
    await settleConflicts(session, item)
    return ok({ deleted: current.deleted })
  }
  const content = await contentOf(session, record, choice)
  if (!content.ok) return content
  const place = { environment, item, base, id: newId() }
  const change: QueuedChange =
    content.value === 'deleted' ? { act: 'delete', ...place } : { act: 'put', ...place, ...content.value }
  const written = await writeOrQueue(session, change)
  return written.ok ? ok({ deleted: content.value === 'deleted' }) : written
}

/** What a stranded change's credential would be called if it were made now: where its name is taken, the next free one. */
export const nameOnRetry = (session: UnlockedSession, change: QueuedChange & { act: 'put' }): string => {
  const { name } = change.meta
  const index = session.index(change.environment)
  const others = (free: string) => index?.named(free).some(({ item }) => item !== change.item) === true
  let free = name
  for (let next = 2; others(free); next += 1) free = `${name.slice(0, 90)}-${next}`
  return free
}

/** Makes a stranded change on top of whatever counts now: brings a deleted item back, makes one that could not be made. */
export const retryStranded = async (session: UnlockedSession, id: string): Promise<Outcome<null>> => {
  const stranded = strandedChanges(session).find((each) => each.id === id)
  if (stranded === undefined) return gone()
  const { change } = stranded
  const base = findItem(session, change.item)?.current.version ?? 0
  const again: QueuedChange =
    change.act === 'delete'
      ? change
      : { ...change, meta: { ...change.meta, name: nameOnRetry(session, change) } }
  const made = await makeChange(session, { ...again, base, id: newId() })
  if (made.ok) await session.device.replica.intents.drop(id)
  return made
}

export const discardStranded = async (session: UnlockedSession, id: string): Promise<Outcome<null>> => {
  if (!strandedChanges(session).some((each) => each.id === id)) return gone()
  await session.device.replica.intents.drop(id)
  return ok(null)
}
