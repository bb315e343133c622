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

/** The parsed clear part of a ledger envelope; undefined where type or content are not of the schema. */
export const parsePlain = (envelope: Envelope): PlainContent | undefined => {
  if (!isLedgerEntryType(envelope.type)) return undefined
  const parsed = ledgerEntrySchemas[envelope.type].plain.safeParse(envelope.plain)
  return parsed.success ? ({ type: envelope.type, plain: parsed.data } as PlainContent) : undefined
}

/** A ledger entry's whole content from its envelope and its opened body (a decoded canonical value); undefined where malformed. */
export const parseLedgerContent = (envelope: Envelope, body: unknown): LedgerContent | undefined => {
  const content = parsePlain(envelope)
  if (content === undefined) return undefined
  const parsed = ledgerEntrySchemas[content.type].body.safeParse(body)
  return parsed.success ? ({ ...content, body: parsed.data } as LedgerContent) : undefined
}
