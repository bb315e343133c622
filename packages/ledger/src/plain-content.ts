import type { Envelope } from '@countersign/schema/entry'
import {
  isLedgerEntryType,
  type LedgerContent,
  type LedgerEntryType,
  type LedgerPlain,
  ledgerEntrySchemas,
} from '@countersign/schema/ledger-entries'

/** The clear part of a ledger entry, parsed: all that the projection decides on. */
export type PlainContent = { [T in LedgerEntryType]: { type: T; plain: LedgerPlain<T> } }[LedgerEntryType]

/** What was made of envelopes that are still around: verifying, projecting and judging an entry all begin with its clear part. */
const parsed = new WeakMap<Envelope, PlainContent | undefined>()

/** The parsed clear part of a ledger envelope, which nobody changes from here on; undefined where type or content are not of the schema. */
export const parsePlain = (envelope: Envelope): PlainContent | undefined => {
  const known = parsed.get(envelope)
  if (known !== undefined || parsed.has(envelope)) return known
  const content = parse(envelope)
  parsed.set(envelope, content)
  return content
}

const parse = ({ type, plain }: Envelope): PlainContent | undefined => {
  if (!isLedgerEntryType(type)) return undefined
  const result = ledgerEntrySchemas[type].plain.safeParse(plain)
  return result.success ? ({ type, plain: result.data } as PlainContent) : undefined
}

/** A ledger entry's whole content from its envelope and its opened body (a decoded canonical value); undefined where malformed. */
export const parseLedgerContent = (envelope: Envelope, body: unknown): LedgerContent | undefined => {
  const content = parsePlain(envelope)
  if (content === undefined) return undefined
  const parsed = ledgerEntrySchemas[content.type].body.safeParse(body)
  return parsed.success ? ({ ...content, body: parsed.data } as LedgerContent) : undefined
}
