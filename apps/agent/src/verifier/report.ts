/**
 * `damaged`: the bytes are not what their author signed, or not what the format says. `convicts`: every signature is good, and what they
 * sign cannot all be true: two histories were shown, or a part kept back. `untouched`: an approval without the touch it claims.
 */
export type FindingKind = 'damaged' | 'convicts' | 'untouched'

export interface Finding {
  readonly kind: FindingKind
  /** Stable: `file.…`, `chain.…`, `fork`, `truncated`, `approval.…`, `disclosure.…`. */
  readonly code: string
  readonly message: string
}

/** An entry that stands in the ledger and counts for nothing, or something the file cannot say: no fault of the file. */
export interface Remark {
  readonly code: string
  readonly message: string
}

export interface StreamReport {
  readonly stream: string
  readonly entries: number
  readonly head: string | null
  /** Devices whose signed statement or cosignature covers all of it, part of it. */
  readonly witnessedBy: number
}

export interface GrantReport {
  readonly request: string
  readonly seq: number
  readonly by: string
  /** People whose touch over exactly this request was verified and not taken back before. */
  readonly approvedBy: readonly string[]
}

export interface Report {
  readonly verdict: 'verified' | FindingKind
  readonly file: string
  readonly bytes: number
  readonly team: string | null
  readonly genesis: string | null
  readonly reason: string | null
  readonly createdAt: number | null
  readonly by: string | null
  readonly opened: string | null
  readonly streams: readonly StreamReport[]
  readonly statements: number
  readonly cosignatures: number
  readonly approvals: { readonly verified: number; readonly failed: number; readonly closed: number }
  readonly grants: readonly GrantReport[]
  readonly records: number
  readonly findings: readonly Finding[]
  /** More findings than are listed. */
  readonly findingsLeftOut: number
  readonly remarks: readonly Remark[]
}

const MOST_LISTED = 200

/** Collects what is wrong; keeps the first ones and counts the rest. */
export class Findings {
  readonly list: Finding[] = []
  readonly remarks: Remark[] = []
  leftOut = 0
  #worst: FindingKind | null = null

  add(kind: FindingKind, code: string, message: string): void {
    const order: readonly (FindingKind | null)[] = [null, 'untouched', 'convicts', 'damaged']
    if (order.indexOf(kind) > order.indexOf(this.#worst)) this.#worst = kind
    if (this.list.length < MOST_LISTED) this.list.push({ kind, code, message })
    else this.leftOut += 1
  }

  remark(code: string, message: string): void {
    if (this.remarks.length < MOST_LISTED) this.remarks.push({ code, message })
  }

  get verdict(): Report['verdict'] {
    return this.#worst ?? 'verified'
  }
}
