import type { Envelope } from '@countersign/schema/entry'
import { compartmentEntrySchemas, type ItemDelete, type ItemPut } from '@countersign/schema/item'
import { isItemPut } from '@countersign/schema/shape'

export type CompartmentContent =
  | { readonly type: 'item.put'; readonly plain: ItemPut }
  | { readonly type: 'item.delete'; readonly plain: ItemDelete }

/** The parsed content of a compartment entry; null where type or content are not of the schema. */
export const parseCompartmentContent = (envelope: Envelope): CompartmentContent | null => {
  const { type, plain } = envelope
  if (type === 'item.put') {
    if (isItemPut(plain)) return { type, plain }
    const parsed = compartmentEntrySchemas[type].safeParse(plain)
    return parsed.success ? { type, plain: parsed.data } : null
  }
  if (type === 'item.delete') {
    const parsed = compartmentEntrySchemas[type].safeParse(plain)
    return parsed.success ? { type, plain: parsed.data } : null
  }
  return null
}
