import { z } from 'zod'
import { blobSchema, hashSchema, nameSchema, noteSchema, seqSchema } from './bytes.ts'
import { idSchema } from './ids.ts'
import { SLUG, SLUG_LENGTH, SLUG_RULE } from './slug.ts'

/** A name as it stands in references. */
export const slugSchema = z.string().min(1).max(SLUG_LENGTH).regex(SLUG, SLUG_RULE)

/** Plaintext of an item version's meta blob: what holders, approvers, requesters and auditors see. */
export const itemMetaSchema = z.strictObject({
  name: slugSchema,
  provider: z.string().regex(/^[a-z0-9-]{1,40}$/),
  /** Names of the value's fields, in the order shown. */
  fields: z
    .array(z.string().regex(/^[a-z][a-z0-9_]{0,39}$/))
    .min(1)
    .max(20),
  note: noteSchema,
  /** Models this credential is meant for; empty means all of its provider's. */
  models: z.array(nameSchema).max(50),
  /** SHA-256 of the value blob of the same version (P7). */
  valueHash: hashSchema,
})
export type ItemMeta = z.infer<typeof itemMetaSchema>

/** Characters of one field's value. */
export const MAX_VALUE_LENGTH = 16_384

/** Plaintext of an item version's value blob: field name → value. */
export const itemValueSchema = z.record(
  z.string().regex(/^[a-z][a-z0-9_]{0,39}$/),
  z.string().max(MAX_VALUE_LENGTH),
)
export type ItemValue = z.infer<typeof itemValueSchema>

/** `plain` of the entries in a compartment stream. `base` is the version replaced (0: a new item); `version` = base + 1. */
export const itemPutSchema = z.strictObject({
  item: idSchema,
  version: z.number().int().min(1),
  base: seqSchema,
  epoch: seqSchema,
  /** AEAD under the compartment's meta key, context { type: 'item-meta', team, environment, item, version, epoch }. */
  meta: blobSchema,
  /** AEAD under the version's item key, context { type: 'item-value', team, environment, item, version }. */
  value: blobSchema,
  /** The item key, AEAD under the compartment's value key, context { type: 'item-key', team, environment, item, version, epoch }. */
  itemKey: blobSchema,
})
export type ItemPut = z.infer<typeof itemPutSchema>

/** A signed tombstone. */
export const itemDeleteSchema = z.strictObject({
  item: idSchema,
  version: z.number().int().min(1),
  base: seqSchema,
  epoch: seqSchema,
})
export type ItemDelete = z.infer<typeof itemDeleteSchema>

export const compartmentEntrySchemas = { 'item.put': itemPutSchema, 'item.delete': itemDeleteSchema } as const
