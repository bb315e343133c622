import { equalBytes } from '@countersign/crypto/verify'
import {
  mayAppend,
  type Projection,
  project,
  statedCuts,
  verifyEntryAuthor,
} from '@countersign/ledger/projection'
import type { Head, SignedEntry } from '@countersign/schema/entry'
import { compartmentStream, LEDGER } from '@countersign/schema/ids'
import type { ParsedBatch } from './parse-batch.ts'
import { type Refusal, refusal } from './refusal.ts'
import type { SignatureChecks } from './signature-checks.ts'
import type { TeamState } from './team-state.ts'

export type BatchVerdict =
  | { readonly state: 'fits' }
  /** A stream stands elsewhere: it may have landed before, or has to be signed again. */
  | { readonly state: 'stale' }
  | { readonly state: 'refused'; readonly refusal: Refusal }

/** A team as it will be once the appends being gathered have landed. Dropped afterwards: only durable entries change a TeamState. */
export class TeamView {
  readonly #state: TeamState
  readonly #checks: SignatureChecks
  readonly #heads = new Map<string, Head>()
  #projection: Projection

  constructor(state: TeamState, checks: SignatureChecks) {
    this.#state = state
    this.#checks = checks
    this.#projection = state.projection
  }

  head(stream: string): Head | null {
    return this.#heads.get(stream) ?? this.#state.head(stream)
  }

  /** Judges a batch by a connected device at its position, and looks ahead past it if it fits. */
  take(batch: ParsedBatch, device: string): BatchVerdict {
    for (const { stream, expected } of batch.parts) {
      if (!sameHead(this.head(stream), expected)) return { state: 'stale' }
    }
    // Copied before the ledger moves: a refusal halfway leaves nothing behind.
    const moves = batch.parts.some((part) => part.stream === LEDGER)
    const projection = moves ? structuredClone(this.#projection) : this.#projection
    for (const part of batch.parts) {
      for (const { signed, hash } of part.entries) {
        const refused = judge(projection, device, signed, hash, this.#checks.goodFor(signed))
        if (refused !== null) return { state: 'refused', refusal: refused }
      }
    }
    if (!this.#cutsAreTrue(batch)) return { state: 'stale' }
    this.#projection = projection
    for (const part of batch.parts) {
      const last = part.entries.at(-1)
      if (last !== undefined) this.#heads.set(part.stream, { seq: last.signed.envelope.seq, hash: last.hash })
    }
    return { state: 'fits' }
  }

  /**
   * Whether each cut that is stated names where its compartment stands (P5): readers of the ledger cannot tell, and judge by it what
   * came before. Who states less than there is missed something, and builds again. What an earlier cut states may be stated again.
   */
  #cutsAreTrue({ parts }: ParsedBatch): boolean {
    const cuts = parts.flatMap(({ entries }) => entries.flatMap(({ signed }) => statedCuts(signed.envelope)))
    return cuts.every(({ environment, head }) => {
      const before = this.#projection.environments.get(environment)?.cuts.at(-1)?.head ?? null
      const again = before !== null && sameHead(before, head)
      return again || sameHead(this.head(compartmentStream(environment)), head)
    })
  }
}

const judge = (
  projection: Projection,
  device: string,
  signed: SignedEntry,
  hash: Uint8Array,
  goodFor: Uint8Array | undefined,
): Refusal | null => {
  const allowed = mayAppend(projection, device, signed)
  if (!allowed.ok) {
    return refusal('append.not_allowed', `This may not be written (${allowed.code}). Nothing was written.`)
  }
  const authored = verifyEntryAuthor(projection, signed, goodFor)
  if (!authored.ok) {
    return refusal('append.refused', `The author does not verify (${authored.code}). Nothing was written.`)
  }
  if (signed.envelope.stream !== LEDGER) return null
  const verdict = project(projection, { envelope: signed.envelope, hash })
  if (verdict.accepted) return null
  return refusal('append.refused', `The entry does not count (${verdict.code}). Nothing was written.`)
}

const sameHead = (a: Head | null, b: Head | null): boolean =>
  a === null || b === null ? a === b : a.seq === b.seq && equalBytes(a.hash, b.hash)
