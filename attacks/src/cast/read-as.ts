import { findItem } from '@countersign/client/items/item-actions'
import { openAsHolder, openByGrant, openedValue } from '@countersign/client/items/item-values'
import type { Actor } from './actor.ts'

/** The value of an item as this person's app opens it, as a holder; a refusal's code otherwise. */
export const readAsHolder = async (
  actor: Actor,
  item: string,
): Promise<{ value: Record<string, string> } | { code: string; told: string }> => {
  const record = findItem(actor.session, item)
  if (record === undefined) return { code: 'item.unknown', told: 'There is no such credential.' }
  const opened = await openAsHolder(actor.session, record, record.current)
  if (!opened.ok) return { code: opened.code, told: opened.message }
  return { value: openedValue(actor.session.team, opened.value) }
}

/** The value of an item as this person's app opens it under a grant to this device. */
export const readByGrant = async (
  actor: Actor,
  request: string,
  item: string,
): Promise<{ value: Record<string, string> } | { code: string; told: string }> => {
  const asked = actor.session.ledger.requests.get(request)
  const record = findItem(actor.session, item)
  if (asked === undefined || record === undefined)
    return { code: 'item.unknown', told: 'There is no such credential.' }
  const opened = await openByGrant(actor.session, asked, record, undefined)
  if (!opened.ok) return { code: opened.code, told: opened.message }
  return { value: openedValue(actor.session.team, opened.value) }
}
