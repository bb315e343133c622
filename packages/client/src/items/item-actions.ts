import { holds } from '@countersign/ledger/projection-lookup'
import { liveGrants } from '@countersign/ledger/reduce-grants'
import { newId } from '@countersign/schema/ids'
import type { ItemMeta, ItemValue } from '@countersign/schema/item'
import { type Outcome, ok, type Refusal, refuse } from '../refusal.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import type { Author } from '../team/author.ts'
import { itemDeleteDraft, itemPutDrafts, type LiveGrant } from './item-entries.ts'
import type { ItemRecord } from './item-index.ts'
import { openAsHolder, openedValue, versionOf } from './item-values.ts'
import { type QueuedChange, queueChange, settleConflicts, worthQueueing } from './offline-items.ts'

export type NewItem = Pick<ItemMeta, 'name' | 'provider' | 'note' | 'models'> & {
  readonly environment: string
  readonly value: ItemValue
}

const notHolder = (): Refusal =>
  refuse(
    'author.not_holder',
    'Only somebody who holds this environment may change its credentials.',
    'Ask an admin for access, or one of its holders to do it.',
  )

const conflict = (): Refusal =>
  refuse(
    'item.conflict',
    'Somebody changed this credential meanwhile.',
    'Look at the new version, then make your change again if it is still wanted.',
  )

/** Who must get a new version's key: every live grant on the item (P2). */
const grantsOn = (session: UnlockedSession, environment: string, item: string): LiveGrant[] =>
  liveGrants(session.ledger, session.now(), { environment, item }).map(({ record, body }) => ({
    request: record.request,
    device: body.device,
  }))

const nameTaken = (name: string): Refusal =>
  refuse('name.taken', `“${name}” is there already.`, 'Choose another name, or rotate that one.')

const mayWrite = (session: UnlockedSession, author: Author, environment: string): Refusal | null => {
  if (!holds(author.projection, environment, author.member)) return notHolder()
  const due = author.projection.environments.get(environment)?.rekeyDue === true
  if (!due) return null
  return refuse(
    'epoch.rekey_due',
    `${session.ledger.names.environments.get(environment) ?? 'This environment'} waits for new keys.`,
    'Re-key it first (a holder’s app does so by itself).',
  )
}

/** Writes a queued or fresh change now; refuses where another version is current by now. */
export const makeChange = async (session: UnlockedSession, change: QueuedChange): Promise<Outcome<null>> => {
  const { environment, item, base } = change
  const result = await session.append((author) => {
    const refusal = mayWrite(session, author, environment)
    if (refusal !== null) return refusal
    const index = session.index(environment)
    const current = index?.get(item)?.current
    if ((current?.version ?? 0) !== base) return conflict()
    // Of two with one name no program could read either: also where a new one waited offline, or a deleted one comes back.
    const appears = change.act === 'put' && current?.deleted !== false
    if (appears && (index?.named(change.meta.name).length ?? 0) > 0) return nameTaken(change.meta.name)
    return change.act === 'put'
      ? itemPutDrafts(author, change, grantsOn(session, environment, item))
      : [itemDeleteDraft(author, change)]
  })
  if (!result.ok) return result
  await settleConflicts(session, item)
  return ok(null)
}

/** How a change is written: now, or now or later. */
type Write = (session: UnlockedSession, change: QueuedChange) => Promise<Outcome<null>>

/** Why this device may seal nothing for others yet; null where it may. */
const unconfirmed = (session: UnlockedSession, change: QueuedChange): Refusal | null =>
  session.device.confirmation.refuses([change.act === 'put' ? 'item.put' : 'item.delete'])

/** Makes a change, or refuses it where it cannot be made now. */
export const writeNow: Write = async (session, change) =>
  unconfirmed(session, change) ?? (await makeChange(session, change))

/** Makes a change, or keeps it until the server is back (P19). */
export const writeOrQueue: Write = async (session, change) => {
  const refusal = unconfirmed(session, change)
  if (refusal !== null) return refusal
  const { replica } = session.device
  const { connection } = replica.status()
  if (connection === 'live' || connection === 'alarm') {
    const made = await makeChange(session, change)
    return made.ok || !worthQueueing(made) ? made : queueChange(session, change)
  }
  if (!holds(session.ledger.projection, change.environment, session.member)) return notHolder()
  return queueChange(session, change)
}

/** `write`: what becomes of it while the server is away; by default it waits. */
export const createItem = async (
  session: UnlockedSession,
  item: NewItem,
  write: Write = writeOrQueue,
): Promise<Outcome<{ item: string }>> => {
  const { environment, value, ...meta } = item
  if ((session.index(environment)?.named(meta.name).length ?? 0) > 0) return nameTaken(meta.name)
  const id = newId()
  const fields = Object.keys(value)
  if (fields.length === 0) {
    return refuse('item.empty', 'A credential needs at least one field.', 'Fill in a field.')
  }
  const change = {
    act: 'put' as const,
    environment,
    item: id,
    base: 0,
    meta: { ...meta, fields },
    value,
    id: newId(),
  }
  const written = await write(session, change)
  return written.ok ? ok({ item: id }) : written
}

/** The item in whichever environment this member sees it. */
export const findItem = (session: UnlockedSession, item: string): ItemRecord | undefined => {
  for (const environment of session.ledger.projection.environments.keys()) {
    const found = session.index(environment)?.get(item)
    if (found !== undefined) return found
  }
  return undefined
}

export const unknownItem = (): Refusal =>
  refuse('item.unknown', 'There is no such credential.', 'Reload the list; it may have been deleted.')

export interface ItemUpdate {
  readonly item: string
  readonly base: number
  /** Fields left out keep their value. */
  readonly value: ItemValue
  readonly note?: string | undefined
  readonly models?: string[] | undefined
}

export const updateItem = async (session: UnlockedSession, update: ItemUpdate): Promise<Outcome<null>> => {
  const record = findItem(session, update.item)
  if (record === undefined || record.current.deleted) return unknownItem()
  if (record.current.version !== update.base) return conflict()
  const opened = await openAsHolder(session, record, record.current)
  if (!opened.ok) return opened
  const value = { ...openedValue(session.team, opened.value), ...update.value }
  opened.value.key.wipe()
  const { name, provider, note, models } = record.meta
  const fields = [...record.meta.fields, ...Object.keys(value).filter((f) => !record.meta.fields.includes(f))]
  return writeOrQueue(session, {
    act: 'put',
    environment: record.environment,
    item: record.item,
    base: update.base,
    meta: { name, provider, fields, note: update.note ?? note, models: update.models ?? models },
    value,
    id: newId(),
  })
}

/** What an item is besides its value, as it stands in a version. */
export const describedAs = ({ valueHash: _, ...meta }: ItemMeta): Omit<ItemMeta, 'valueHash'> => meta

/** Makes an earlier version's content the newest one: a version of its own, with a fresh key. */
export const rollbackItem = async (
  session: UnlockedSession,
  item: string,
  base: number,
  to: number,
): Promise<Outcome<null>> => {
  const record = findItem(session, item)
  const wanted = record === undefined ? undefined : versionOf(record, to)
  if (record === undefined || wanted === undefined || wanted.deleted) return unknownItem()
  if (record.current.version !== base) return conflict()
  const opened = await openAsHolder(session, record, wanted)
  if (!opened.ok) return opened
  const meta = describedAs(opened.value.meta)
  const value = openedValue(session.team, opened.value)
  opened.value.key.wipe()
  return writeOrQueue(session, {
    act: 'put',
    environment: record.environment,
    item,
    base,
    meta,
    value,
    id: newId(),
  })
}

export const deleteItem = async (
  session: UnlockedSession,
  item: string,
  base: number,
): Promise<Outcome<null>> => {
  const record = findItem(session, item)
  if (record === undefined || record.current.deleted) return unknownItem()
  return writeOrQueue(session, { act: 'delete', environment: record.environment, item, base, id: newId() })
}
