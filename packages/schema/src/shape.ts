// Whether a value has a form, for the few forms of which a first sync reads a hundred thousand. Yes means that the zod schema of the same
// name takes it and would leave it as it is; no means nothing: the schema decides and says why.
import { MAX_ENTRIES, MAX_ENTRY_BYTES, MIN_ENTRY_BYTES } from './entry-limits.ts'
import type { ItemMeta, ItemPut } from './item.ts'

type Members = Readonly<Record<string, unknown>>

const STREAM = /^(?:ledger|[ca]\/[0-9a-f]{32})$/
const ENTRY_TYPE = /^[a-z]+\.[a-z_]+$/
const SLUG = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/
const PROVIDER = /^[a-z0-9-]{1,40}$/
const FIELD = /^[a-z][a-z0-9_]{0,39}$/

const isMembers = (value: unknown, count: number): value is Members => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  if (Object.getPrototypeOf(value) !== Object.prototype) return false
  let members = 0
  for (const _ in value) members += 1
  return members === count
}
const isText = (value: unknown, form: RegExp): boolean => typeof value === 'string' && form.test(value)
/** 32 hexadecimal digits: a loop takes a fifth of what a regular expression takes, and there are five in every entry. */
const isId = (value: unknown): boolean => {
  if (typeof value !== 'string' || value.length !== 32) return false
  for (let i = 0; i < 32; i++) {
    const unit = value.charCodeAt(i)
    if (!((unit >= 0x30 && unit <= 0x39) || (unit >= 0x61 && unit <= 0x66))) return false
  }
  return true
}
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isBytes = (value: unknown, min: number, max: number): boolean =>
  value instanceof Uint8Array && value.length >= min && value.length <= max
const isHash = (value: unknown): boolean => isBytes(value, 32, 32)
const isBlob = (value: unknown): boolean => isBytes(value, 1, 262_144)
const isHead = (value: unknown): boolean => isMembers(value, 2) && isCount(value.seq) && isHash(value.hash)

/** See `envelopeSchema`, which uses this: so it gives no type. */
export const isEnvelope = (value: unknown): boolean =>
  isMembers(value, 13) &&
  value.v === 1 &&
  isId(value.team) &&
  isText(value.stream, STREAM) &&
  isCount(value.seq) &&
  isHash(value.prev) &&
  (value.ledger === null || isHead(value.ledger)) &&
  isId(value.id) &&
  isId(value.member) &&
  isId(value.device) &&
  isText(value.type, ENTRY_TYPE) &&
  isCount(value.time) &&
  typeof value.plain === 'object' &&
  value.plain !== null &&
  Object.getPrototypeOf(value.plain) === Object.prototype &&
  (value.body === null || isBlob(value.body))

/** See `itemPutSchema`. */
export const isItemPut = (value: unknown): value is ItemPut =>
  isMembers(value, 7) &&
  isId(value.item) &&
  isCount(value.version) &&
  value.version >= 1 &&
  isCount(value.base) &&
  isCount(value.epoch) &&
  isBlob(value.meta) &&
  isBlob(value.value) &&
  isBlob(value.itemKey)

/** See `itemMetaSchema`; of a version without a choice of models, as nearly all are. */
export const isItemMeta = (value: unknown): value is ItemMeta =>
  isMembers(value, 6) &&
  isText(value.name, SLUG) &&
  String(value.name).length <= 100 &&
  isText(value.provider, PROVIDER) &&
  Array.isArray(value.fields) &&
  value.fields.length >= 1 &&
  value.fields.length <= 20 &&
  value.fields.every((field) => isText(field, FIELD)) &&
  typeof value.note === 'string' &&
  value.note.length <= 2000 &&
  Array.isArray(value.models) &&
  value.models.length === 0 &&
  isHash(value.valueHash)

/** See `serverMessageSchema`: the one message that carries entries. */
export const isEntriesMessage = (value: unknown): boolean =>
  isMembers(value, 5) &&
  value.type === 'entries' &&
  (value.ref === null || isCount(value.ref)) &&
  isText(value.stream, STREAM) &&
  isCount(value.from) &&
  Array.isArray(value.entries) &&
  value.entries.length <= MAX_ENTRIES &&
  value.entries.every((entry) => isBytes(entry, MIN_ENTRY_BYTES, MAX_ENTRY_BYTES))
