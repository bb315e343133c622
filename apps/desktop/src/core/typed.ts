import { type Outcome, ok, refuse } from '@countersign/client/refusal'
import { type ItemValue, itemValueSchema } from '@countersign/schema/item'
import type { CallRequest } from '../shared/contract.ts'
import { type OpeningText, openingText } from '../shared/sealed-text.ts'
import type { Core } from './core-state.ts'

const openings = new WeakMap<Core, Promise<OpeningText>>()

const openingOf = (core: Core): Promise<OpeningText> => {
  const known = openings.get(core)
  if (known !== undefined) return known
  const made = openingText('typed-value')
  openings.set(core, made)
  return made
}

/** What windows of this core seal typed values to. */
export const typingKey = async (core: Core): Promise<Uint8Array> => (await openingOf(core)).to

/** What was typed: as a headless caller gives it, or opened. Refuses what was sealed to another core, before a lock for instance. */
export const typedValue = async (
  core: Core,
  value: CallRequest<'item.create'>['value'],
): Promise<Outcome<ItemValue>> => {
  const clear = itemValueSchema.safeParse(value)
  if (clear.success) return ok(clear.data)
  const { open } = await openingOf(core)
  const text = await open(value as Parameters<OpeningText['open']>[0]).catch(() => null)
  const parsed = itemValueSchema.safeParse(text === null ? null : jsonOf(text))
  if (parsed.success) return ok(parsed.data)
  return text === null
    ? refuse(
        'item.value_unreadable',
        'What you typed could not be read.',
        'Close the dialog and type it again.',
      )
    : refuse(
        'call.malformed',
        'A field is named or filled as no credential has it.',
        'Correct it and try again.',
      )
}

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
