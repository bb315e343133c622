import { bytesSchema, noteSchema } from '@countersign/schema/bytes'
import type { CborValue } from '@countersign/schema/canonical'
import { idSchema } from '@countersign/schema/ids'
import { itemMetaSchema, itemValueSchema } from '@countersign/schema/item'
import { z } from 'zod'
import { type Outcome, ok, type Refusal } from '../refusal.ts'
import type { Intent, IntentOutcome } from '../replica/intents.ts'
import type { UnlockedSession } from '../session/unlocked-session.ts'
import type { ItemChange } from './item-entries.ts'

const KIND = 'item'

const base = {
  environment: idSchema,
  item: idSchema,
  base: z.number().int().nonnegative(),
  /** Entry id: what makes a repeated attempt land once (P19). */
  id: idSchema,
}
const changeSchema = z.discriminatedUnion('act', [
  z.strictObject({
    act: z.literal('put'),
    ...base,
    meta: itemMetaSchema.omit({ valueHash: true }).extend({ note: noteSchema }),
    value: itemValueSchema,
  }),
  z.strictObject({ act: z.literal('delete'), ...base }),
])
export type QueuedChange =
  | ({ act: 'put' } & ItemChange)
  | ({ act: 'delete' } & Omit<ItemChange, 'meta' | 'value'>)

const dataSchema = z.strictObject({ item: idSchema, sealed: bytesSchema(1, 1_000_000) })

/** Not now, but perhaps later: the change may still be made, so it is kept. */
const LATER = new Set([
  'offline',
  'append.unknown',
  'append.contended',
  'rate.limited',
  'store.full',
  'server.draining',
  'device.unconfirmed',
])

/** Whether a refused change is worth keeping until the server is back. */
export const worthQueueing = (refusal: Refusal): boolean => LATER.has(refusal.code)

/** Keeps a change until it can be made: durable, and sealed, because it carries values (P19). */
export const queueChange = async (session: UnlockedSession, change: QueuedChange): Promise<Outcome<null>> => {
  const sealed = session.records(KIND).sealed(change.id, { ...change } as CborValue)
  await session.device.replica.intents.add({
    kind: KIND,
    id: change.id,
    data: { item: change.item, sealed },
    createdAt: session.now(),
  })
  return ok(null)
}

/** The change that an intent keeps; null where it is none of items, or cannot be read any more. */
export const changeOf = (session: UnlockedSession, intent: Intent): QueuedChange | null => {
  const data = dataSchema.safeParse(intent.data)
  if (intent.kind !== KIND || !data.success) return null
  const parsed = changeSchema.safeParse(session.records(KIND).unsealed(intent.id, data.data.sealed))
  return parsed.success ? parsed.data : null
}

/**
 * Makes the changes that wait, in order, each once: one whose entry landed before its acknowledgement was lost is known by its id.
 * `make` writes one change. A change whose base is no longer current stays aside as a conflict.
 */
export const replayQueue = async (
  session: UnlockedSession,
  make: (change: QueuedChange) => Promise<Outcome<null>>,
): Promise<void> => {
  const { replica } = session.device
  if (replica.intents.waiting().length === 0) return
  await replica.intents.replay(async (intent): Promise<IntentOutcome> => {
    if ((await replica.ownEntry(intent.id)) !== undefined) return { state: 'done' }
    const change = changeOf(session, intent)
    if (change === null) {
      return { state: 'conflict', code: 'intent.unreadable', message: 'This change cannot be read any more.' }
    }
    const made = await make(change)
    if (made.ok) return { state: 'done' }
    if (worthQueueing(made)) return { state: 'wait', code: made.code }
    // Refused because of itself: it may have come back with what others wrote while it was being made again.
    if ((await replica.ownEntry(intent.id)) !== undefined) return { state: 'done' }
    return { state: 'conflict', code: made.code, message: made.message }
  })
}

/** Items with a change of this installation that could not be made and waits for somebody to choose. */
export const conflictedItems = (session: UnlockedSession): Set<string> =>
  new Set(
    session.device.replica.intents.conflicts().flatMap((intent) => {
      const data = dataSchema.safeParse(intent.data)
      return data.success ? [data.data.item] : []
    }),
  )

/** A new version was written over the conflict: the choice is made. */
export const settleConflicts = async (session: UnlockedSession, item: string): Promise<void> => {
  const { intents } = session.device.replica
  for (const intent of intents.conflicts()) {
    const data = dataSchema.safeParse(intent.data)
    if (data.success && data.data.item === item) await intents.drop(intent.id)
  }
}
