import { equalBytes } from '@countersign/crypto/verify'
import { decodeEntry, type SignedEntry } from '@countersign/schema/entry'
import { LEDGER, parseStream } from '@countersign/schema/ids'
import type { AppendPart } from '@countersign/schema/wire'
import { hashEntry, NO_ENTRY } from './hash-entry.ts'
import { type Refusal, refusal } from './refusal.ts'
import type { LogBatch, LogEntry, LogPart } from './store.ts'

export interface ParsedPart extends LogPart {
  readonly entries: readonly (LogEntry & { readonly signed: SignedEntry })[]
}

/** A batch whose entries parse, belong to their streams and form chains on the named heads. Authors are not checked yet. */
export interface ParsedBatch extends LogBatch {
  /** The ledger's part first: what it changes holds for the others. */
  readonly parts: readonly ParsedPart[]
}

export const isRefusal = (value: object): value is Refusal => 'code' in value

const TYPES = { compartment: /^item\./, audit: /^audit\./, ledger: /^(?!item\.|audit\.)/ } as const

/** Parses `append`; refused with `append.refused` when anything does not belong. */
export const parseBatch = (team: string, parts: readonly AppendPart[]): ParsedBatch | Refusal => {
  const streams = new Set<string>()
  const parsed: ParsedPart[] = []
  for (const part of parts) {
    if (streams.has(part.stream))
      return refusal('append.refused', 'A batch names each stream once. Nothing was written.')
    streams.add(part.stream)
    const each = parsePart(team, part)
    if (isRefusal(each)) return each
    if (each.stream === LEDGER) parsed.unshift(each)
    else parsed.push(each)
  }
  return { team, parts: parsed }
}

const parsePart = (team: string, part: AppendPart): ParsedPart | Refusal => {
  const entries: (LogEntry & { signed: SignedEntry })[] = []
  const pattern = TYPES[parseStream(part.stream).kind]
  let seq = part.expected === null ? 0 : part.expected.seq + 1
  let prev = part.expected === null ? NO_ENTRY : part.expected.hash
  for (const bytes of part.entries) {
    const signed = parseEntry(bytes)
    if (signed === undefined)
      return refusal('append.refused', 'An entry does not parse. Nothing was written.')
    const { envelope } = signed
    if (envelope.team !== team || envelope.stream !== part.stream || !pattern.test(envelope.type)) {
      return refusal('append.refused', 'An entry belongs to another team or stream. Nothing was written.')
    }
    if (envelope.seq !== seq || !equalBytes(envelope.prev, prev)) {
      return refusal('append.refused', 'An entry does not follow the one before. Nothing was written.')
    }
    prev = hashEntry(bytes)
    seq += 1
    entries.push({ id: envelope.id, hash: prev, bytes, signed })
  }
  return { stream: part.stream, expected: part.expected, entries }
}

/** A stranger's bytes: whatever is wrong with them has one answer. */
const parseEntry = (bytes: Uint8Array): SignedEntry | undefined => {
  try {
    return decodeEntry(bytes)
  } catch {
    return undefined
  }
}
