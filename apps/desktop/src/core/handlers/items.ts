import {
  createItem,
  deleteItem,
  findItem,
  type NewItem,
  rollbackItem,
  unknownItem,
  updateItem,
} from '@countersign/client/items/item-actions'
import type { ItemRecord } from '@countersign/client/items/item-index'
import { openAsHolder, openedValue, versionOf } from '@countersign/client/items/item-values'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import { freshnessOf, modeOf } from '@countersign/client/session/serving'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { MODES } from '@countersign/schema/mode'
import type { ItemDetail } from '../../shared/views.ts'
import { type Core, unlocked } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { shown } from '../shown.ts'
import { typedValue, typingKey } from '../typed.ts'
import { itemDetail, itemRows } from '../views/item-views.ts'
import { rotationDue } from '../worklist.ts'

const detailOf = async (core: Core, session: UnlockedSession, item: string): Promise<Outcome<ItemDetail>> => {
  const record = findItem(session, item)
  if (record === undefined || record.current.deleted) return unknownItem()
  return ok(itemDetail(session, record, await rotationDue(core, session)))
}

/** An item made offline, as it will be once it is sent: it has no history yet. */
const waitingItem = (session: UnlockedSession, item: string, asked: NewItem): ItemRecord => {
  const { environment, value, ...meta } = asked
  const current = {
    version: 1,
    seq: -1,
    at: session.now(),
    by: session.member,
    deleted: false,
    conflict: false,
  }
  const fields = Object.keys(value)
  return {
    item,
    environment,
    meta: { ...meta, fields, valueHash: new Uint8Array(32) },
    current,
    history: [],
  }
}

/** Runs a change and answers with the item as it is then. */
const changing = async (
  core: Core,
  item: string,
  change: (session: UnlockedSession) => Promise<Outcome<unknown>>,
): Promise<Outcome<ItemDetail>> => {
  const session = unlocked(core)
  if (!session.ok) return session
  const done = await change(session.value)
  return done.ok ? detailOf(core, session.value, item) : done
}

/** Whether values of an environment are shown at all now. */
export const mayReveal = (session: UnlockedSession, environment: string): Outcome<null> => {
  const mode = modeOf(session)
  const fresh = freshnessOf(session, environment)
  if (!MODES[mode].read && fresh.state === 'fresh') {
    return refuse(
      'mode.refused',
      'Values are not shown now.',
      `Countersign is ${mode}: ${MODES[mode].cause}.`,
    )
  }
  if (fresh.state === 'expired') {
    return refuse(
      'freshness.expired',
      'Nothing confirmed in time that access here was not revoked.',
      `It could be refreshed by: ${fresh.whoCouldRefresh.join(', ')}.`,
    )
  }
  return ok(null)
}

/** One field's value; put on record before it leaves this function (P18). */
const revealField = async (
  core: Core,
  item: string,
  field: string,
  version: number | undefined,
  how: string,
): Promise<Outcome<string>> => {
  const session = unlocked(core)
  if (!session.ok) return session
  const record = findItem(session.value, item)
  const wanted = record === undefined ? undefined : versionOf(record, version)
  if (record === undefined || wanted === undefined || wanted.deleted) return unknownItem()
  const allowed = mayReveal(session.value, record.environment)
  if (!allowed.ok) return allowed
  const opened = await openAsHolder(session.value, record, wanted)
  if (!opened.ok) return opened
  const value = openedValue(session.value.team, opened.value)[field]
  opened.value.key.wipe()
  if (value === undefined) {
    return refuse('item.field_unknown', 'This credential has no such field.', 'Reload it.')
  }
  const target = { environment: record.environment, item, version: wanted.version }
  await core.audit('credential.revealed', 'ok', `${how}: ${field}`, target)
  return ok(value)
}

export const itemHandlers: Handlers<
  | 'items.list'
  | 'item.get'
  | 'item.typingKey'
  | 'item.create'
  | 'item.update'
  | 'item.rollback'
  | 'item.delete'
  | 'item.reveal'
  | 'item.copy'
> = {
  'items.list': async (core) => {
    const session = unlocked(core)
    if (!session.ok) return session
    return ok(itemRows(session.value, await rotationDue(core, session.value)))
  },

  'item.get': (core, { item }) => {
    const session = unlocked(core)
    return session.ok ? detailOf(core, session.value, item) : session
  },

  'item.create': async (core, request) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const value = await typedValue(core, request.value)
    if (!value.ok) return value
    const item = { ...request, value: value.value }
    const made = await createItem(session.value, item)
    if (!made.ok) return made
    if (findItem(session.value, made.value.item) !== undefined) {
      return detailOf(core, session.value, made.value.item)
    }
    return ok(itemDetail(session.value, waitingItem(session.value, made.value.item, item), new Set()))
  },

  'item.typingKey': async (core) => ok({ to: await typingKey(core) }),

  'item.update': async (core, request) => {
    const value = await typedValue(core, request.value)
    if (!value.ok) return value
    return changing(core, request.item, (session) => updateItem(session, { ...request, value: value.value }))
  },

  'item.rollback': (core, { item, base, to }) =>
    changing(core, item, (session) => rollbackItem(session, item, base, to)),

  'item.delete': async (core, { item, base }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const done = await deleteItem(session.value, item, base)
    return done.ok ? ok({}) : done
  },

  'item.reveal': async (core, { item, field, version, to }) => {
    const value = await revealField(core, item, field, version, 'shown')
    return value.ok ? shown(value.value, to) : value
  },

  'item.copy': async (core, { item, field }) => {
    const value = await revealField(core, item, field, undefined, 'copied')
    if (!value.ok) return value
    const clearAfterMs = core.installation.settings.clipboardClearMs
    core.host.clipboard(value.value, clearAfterMs)
    return ok({ clearAfterMs })
  },
}
