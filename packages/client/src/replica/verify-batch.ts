import { equalBytes } from '@countersign/crypto/verify'
import { entryHash, zeroHash } from '@countersign/ledger/entry-hash'
import type { HashLog } from '@countersign/ledger/hash-log'
import { mayVouch, type Projection, project, verifyEntryAuthor } from '@countersign/ledger/projection'
import { haltsStream, REFUSALS, type RefusalCode } from '@countersign/ledger/refusal'
import { decodeEntry, type Head, type SignedEntry } from '@countersign/schema/entry'
import { LEDGER, parseStream, type StreamName } from '@countersign/schema/ids'
import { type AlarmCode, headEvidence, type Problem } from './alarm.ts'
import type { SignaturesAhead } from './signatures-ahead.ts'
import type { VerifiedEntry } from './verified-entry.ts'

export interface Known {
  readonly team: string
  readonly genesisHash: Uint8Array
  /** Moves along with every ledger entry that is found good. */
  readonly projection: Projection
  /** The ledger's hashes, extended along with the projection. */
  readonly ledgerHashes: HashLog
  /** What was found out about ledger entries before their turn. */
  readonly ahead?: SignaturesAhead
}

export interface BatchVerdict {
  /** The good entries from the start of the batch; nothing after the first that is not. */
  readonly fresh: readonly VerifiedEntry[]
  /** How many entries wait for ledger entries that have not arrived; 0 if none. */
  readonly behind: number
  readonly problem: Problem | null
}

type Fault = { readonly code: AlarmCode; readonly message: string }
const badEntry = (refusal: RefusalCode): Fault => ({ code: 'bad_entry', message: REFUSALS[refusal] })

const placeFault = (
  known: Known,
  stream: StreamName,
  head: Head | null,
  entry: SignedEntry,
): Fault | null => {
  const { envelope } = entry
  if (envelope.team !== known.team) return badEntry('chain.team')
  if (envelope.stream !== stream) return badEntry('chain.stream')
  if (envelope.seq !== (head === null ? 0 : head.seq + 1)) return badEntry('chain.seq')
  if (equalBytes(envelope.prev, head === null ? zeroHash() : head.hash)) return null
  return { code: 'fork', message: 'The server continues another history than the one verified here.' }
}

/** Whether the ledger head an entry cites is in our ledger: null yes, `behind` not yet, or what is wrong. */
const citationFault = (known: Known, entry: SignedEntry): Fault | 'behind' | null => {
  const { ledger, stream, seq } = entry.envelope
  if (stream === LEDGER) return seq === 0 || ledger !== null ? null : badEntry('chain.prev')
  if (ledger === null) return badEntry('chain.ledger_fork')
  if (ledger.seq >= known.ledgerHashes.length) return 'behind'
  if (known.ledgerHashes.has(ledger.seq, ledger.hash)) return null
  return { code: 'fork', message: REFUSALS['chain.ledger_fork'] }
}

const judge = (known: Known, entry: SignedEntry, hash: Uint8Array): Fault | null => {
  const author = verifyEntryAuthor(known.projection, entry, known.ahead?.goodFor(entry))
  // Codes that do not halt a stream are the reducers' to act on: the entry stands there and counts for nothing.
  if (!author.ok && haltsStream(author.code)) return badEntry(author.code)
  if (entry.envelope.stream !== LEDGER) return null
  if (entry.envelope.seq === 0 && !equalBytes(hash, known.genesisHash)) {
    return {
      code: 'genesis',
      message: 'The server’s team begins with another entry than the one this installation joined.',
    }
  }
  const verdict = project(known.projection, { envelope: entry.envelope, hash })
  if (!verdict.accepted && (haltsStream(verdict.code) || entry.envelope.seq === 0))
    return badEntry(verdict.code)
  known.ledgerHashes.push(hash)
  return null
}

/** An entry in its place; `provisional` once it is known how far its signature was looked at. */
type PlacedEntry = Omit<VerifiedEntry, 'provisional'> & { provisional: boolean }

interface Placed {
  readonly entries: readonly PlacedEntry[]
  readonly behind: number
  readonly problem: Problem | null
}

const problemAt = (
  { code, message }: Fault,
  stream: StreamName,
  at: Head | null,
  bytes: Uint8Array,
): Problem => {
  const evidence = [{ label: 'entry', bytes }, ...(at === null ? [] : [headEvidence('head here', at.hash)])]
  return { code, stream, seq: at === null ? 0 : at.seq + 1, message, evidence }
}

/** Form, place and cited ledger head of each entry, up to the first that does not stand. */
const place = (known: Known, stream: StreamName, head: Head | null, batch: readonly Uint8Array[]): Placed => {
  const entries: PlacedEntry[] = []
  // What the ledger says is kept for long; of a compartment's entries hardly anything is.
  const views = parseStream(stream).kind === 'compartment'
  let at = head
  const stop = (fault: Fault, bytes: Uint8Array): Placed => {
    return { entries, behind: 0, problem: problemAt(fault, stream, at, bytes) }
  }
  for (const [index, bytes] of batch.entries()) {
    let entry: SignedEntry
    try {
      entry = known.ahead?.entry(bytes) ?? decodeEntry(bytes, { views })
    } catch {
      const message = 'The server passed on something that is not an entry.'
      return stop({ code: 'bad_entry', message }, bytes)
    }
    const misplaced = placeFault(known, stream, at, entry)
    if (misplaced !== null) return stop(misplaced, bytes)
    const citation = citationFault(known, entry)
    if (citation === 'behind') return { entries, behind: batch.length - index, problem: null }
    if (citation !== null) return stop(citation, bytes)
    const hash = entryHash(bytes)
    const { seq } = entry.envelope
    entries.push({ stream, seq, hash, bytes, entry, provisional: false })
    at = { seq, hash }
  }
  return { entries, behind: 0, problem: null }
}

/** Whether the last of these entries vouches for the ones before it: verified itself, and by somebody who may (P20). */
const vouchedFor = (known: Known, stream: StreamName, { entries }: Placed): boolean => {
  const last = entries.at(-1)
  const parsed = parseStream(stream)
  if (last === undefined || parsed.kind !== 'compartment') return false
  return (
    mayVouch(known.projection, parsed.environment, last.entry.envelope) &&
    verifyEntryAuthor(known.projection, last.entry).ok
  )
}

/**
 * Checks consecutive entries that follow `head`: canonical form, place in the stream, cited ledger head, signature by the
 * projected author (P5, P15). Synchronous, so that verifying and projecting are one step; stops at the first that does not stand.
 * With `provisional`, a compartment's run of at least that many entries is taken on the signature of its last one alone, which is over the
 * hash of the entry before it and so over all of them (P20): their own are left to whoever is told that they are provisional.
 */
export const verifyBatch = (
  known: Known,
  stream: StreamName,
  head: Head | null,
  batch: readonly Uint8Array[],
  provisionalFrom = Number.POSITIVE_INFINITY,
): BatchVerdict => {
  const placed = place(known, stream, head, batch)
  const { entries, behind, problem } = placed
  if (entries.length >= provisionalFrom && vouchedFor(known, stream, placed)) {
    const last = entries.length - 1
    for (let i = 0; i < last; i++) (entries[i] as PlacedEntry).provisional = true
    return { fresh: entries, behind, problem }
  }
  const fresh: VerifiedEntry[] = []
  let at = head
  for (const each of entries) {
    const fault = judge(known, each.entry, each.hash)
    if (fault !== null) return { fresh, behind: 0, problem: problemAt(fault, stream, at, each.bytes) }
    fresh.push(each)
    at = { seq: each.seq, hash: each.hash }
  }
  return { fresh, behind, problem }
}
