import {
  type Choice,
  choicesOf,
  choiceValue,
  discardStranded,
  nameOnRetry,
  retryStranded,
  type StrandedChange,
  settleConflict,
  strandedChanges,
} from '@countersign/client/items/conflicts'
import { findItem, unknownItem } from '@countersign/client/items/item-actions'
import type { ItemRecord } from '@countersign/client/items/item-index'
import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { describeField } from '@countersign/schema/providers'
import type { ChoicesView, StrandedRow } from '../../shared/views.ts'
import { type Core, unlocked } from '../core-state.ts'
import type { Handlers } from '../handler.ts'
import { shown } from '../shown.ts'
import { personView, placeName } from '../views/people.ts'
import { mayReveal } from './items.ts'

const choiceView = (session: UnlockedSession, choice: Choice): ChoicesView['choices'][number] => {
  const { id, kind, version, at, by, deleted, meta } = choice
  return {
    choice: id,
    kind,
    version,
    at,
    by: personView(session.ledger, by),
    deleted,
    fields: meta?.fields.map((name) => ({ name, ...describeField(meta.provider, name) })) ?? [],
    note: meta?.note ?? '',
    models: meta?.models ?? [],
  }
}

const strandedRow = (session: UnlockedSession, stranded: StrandedChange): StrandedRow => {
  const { id, change, createdAt, problem } = stranded
  const record = findItem(session, change.item)
  const listed = record !== undefined && !record.current.deleted
  return {
    id,
    item: change.item,
    name: change.act === 'put' ? change.meta.name : (record?.meta.name ?? '?'),
    nameOnRetry: change.act === 'put' ? nameOnRetry(session, change) : null,
    place: placeName(session.ledger, change.environment),
    change: change.act,
    at: createdAt,
    code: problem.code,
    message: problem.message,
    listed,
  }
}

const itemOf = (core: Core, item: string): Outcome<{ session: UnlockedSession; record: ItemRecord }> => {
  const session = unlocked(core)
  if (!session.ok) return session
  const record = findItem(session.value, item)
  return record === undefined ? unknownItem() : ok({ session: session.value, record })
}

export const conflictHandlers: Handlers<
  | 'item.choices'
  | 'item.revealChoice'
  | 'item.settle'
  | 'stranded.list'
  | 'stranded.retry'
  | 'stranded.discard'
> = {
  'item.choices': async (core, { item }) => {
    const found = itemOf(core, item)
    if (!found.ok) return found
    const { session, record } = found.value
    const choices = await choicesOf(session, record)
    return ok({ base: record.current.version, choices: choices.map((each) => choiceView(session, each)) })
  },

  'item.revealChoice': async (core, { item, choice, field, to }) => {
    const found = itemOf(core, item)
    if (!found.ok) return found
    const { session, record } = found.value
    const allowed = mayReveal(session, record.environment)
    if (!allowed.ok) return allowed
    const opened = await choiceValue(session, record, choice)
    if (!opened.ok) return opened
    const value = opened.value[field]
    if (value === undefined) {
      return refuse('item.field_unknown', 'This version has no such field.', 'Reload it.')
    }
    await core.audit('credential.revealed', 'ok', `to choose a version: ${field}`, {
      environment: record.environment,
      item,
      version: record.current.version,
    })
    return shown(value, to)
  },

  'item.settle': async (core, { item, base, choice }) => {
    const found = itemOf(core, item)
    if (!found.ok) return found
    const settled = await settleConflict(found.value.session, found.value.record, base, choice)
    if (settled.ok) core.announce('items')
    return settled
  },

  'stranded.list': (core) => {
    const session = unlocked(core)
    if (!session.ok) return session
    return ok(strandedChanges(session.value).map((each) => strandedRow(session.value, each)))
  },

  'stranded.retry': async (core, { id }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const made = await retryStranded(session.value, id)
    return made.ok ? ok({}) : made
  },

  'stranded.discard': async (core, { id }) => {
    const session = unlocked(core)
    if (!session.ok) return session
    const dropped = await discardStranded(session.value, id)
    return dropped.ok ? ok({}) : dropped
  },
}
