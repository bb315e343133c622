import { isDiskRefusal } from '@countersign/client/audit/audit-journal'
import { type AuditRecord, MAX_UNRECORDED_KINDS } from '@countersign/schema/audit'
import { MAX_UNRECORDED_READS } from '@countersign/schema/policy-limits'
import { plainRecord } from './plain-record.ts'
import type { ReadSubject } from './prepared-reads.ts'
import type { BindingSnapshot } from './source.ts'
import type { TokenEntry } from './token-book.ts'

interface Kind {
  readonly item: string
  readonly version: number
  readonly field: string
  count: number
}

/** What one binding read without a record. */
interface Tally {
  readonly environment: string
  readonly application: string
  readonly first: number
  last: number
  count: number
  readonly kinds: Map<string, Kind>
}

/** Reads of one binding that are remembered as being on record. */
const MAX_ON_RECORD = 1000

const kindOf = ({ item, version, field }: ReadSubject): string => `${item.item} ${version} ${field ?? ''}`

/**
 * Where a policy lets a running lease go on while the disk takes no audit records (docs/decisions/0037). What is let through is only the
 * repetition of a read that is on record: the same credential, version and field, by the same binding, in this session. So what a program
 * has read is known from the audit at any time; only how often is not, until the disk takes it.
 */
export class UnrecordedReads {
  readonly #now: () => number
  readonly #onRecord = new WeakMap<TokenEntry, Set<string>>()
  readonly #tallies = new Map<string, Tally>()
  #since: number | null = null
  #reads = 0
  /** The first refused write since the last that was taken, by two clocks: a host may give one that can be set back, the other stops while the machine sleeps. */
  #refusedSince: { readonly time: number; readonly monotonic: number } | null = null

  constructor(now: () => number) {
    this.#now = now
  }

  /** When the first of the reads that are not on record was let through, ms since the epoch; null where all are. */
  get since(): number | null {
    return this.#since
  }

  /** How many are not on record. */
  get reads(): number {
    return this.#reads
  }

  /** A read's record is durable: from now on it may be repeated. */
  recorded(entry: TokenEntry, subject: ReadSubject): void {
    const known = this.#onRecord.get(entry) ?? new Set()
    this.#onRecord.set(entry, known)
    if (known.size < MAX_ON_RECORD) known.add(kindOf(subject))
  }

  /** A write of audit records was refused. */
  refused(): void {
    this.#refusedSince ??= { time: this.#now(), monotonic: performance.now() }
  }

  /** A write of audit records was taken, and with it what `owed` had given. */
  taken(): void {
    this.#refusedSince = null
    this.#tallies.clear()
    this.#since = null
    this.#reads = 0
  }

  /**
   * Whether these reads, all of one answer, may be answered although their records were refused with `cause`. If so they are counted.
   * `snapshot`: the binding as it stands now.
   */
  admit(
    entry: TokenEntry,
    snapshot: BindingSnapshot,
    subjects: readonly ReadSubject[],
    cause: unknown,
  ): boolean {
    if (snapshot.maxUnrecordedMs === 0 || !isDiskRefusal(cause)) return false
    if (this.#refusedMs() >= snapshot.maxUnrecordedMs) return false
    // A use that is counted has to outlive this process.
    if (snapshot.terms.lease.uses !== null) return false
    const onRecord = this.#onRecord.get(entry)
    if (onRecord === undefined || !subjects.every((each) => onRecord.has(kindOf(each)))) return false
    const tally = this.#tallies.get(snapshot.id)
    if ((tally?.count ?? 0) + subjects.length > MAX_UNRECORDED_READS) return false
    const kinds = new Set([...(tally?.kinds.keys() ?? []), ...subjects.map(kindOf)])
    if (kinds.size > MAX_UNRECORDED_KINDS) return false
    this.#count(snapshot, subjects)
    return true
  }

  /** What has to be written before any other record is: when the mode was entered, and one record for each binding. */
  owed(): AuditRecord[] {
    if (this.#since === null) return []
    const entered = plainRecord(this.#since, 'mode.changed', 'lease-only')
    entered.detail = 'The disk took no audit records.'
    return [entered, ...[...this.#tallies].map(([binding, tally]) => recordOf(binding, tally))]
  }

  #refusedMs(): number {
    const since = this.#refusedSince
    if (since === null) return Number.POSITIVE_INFINITY
    return Math.max(this.#now() - since.time, performance.now() - since.monotonic)
  }

  #count({ id, application, terms }: BindingSnapshot, subjects: readonly ReadSubject[]): void {
    const now = this.#now()
    this.#since ??= now
    this.#reads += subjects.length
    const { environment } = terms
    const tally = this.#tallies.get(id) ?? {
      environment,
      application,
      first: now,
      last: now,
      count: 0,
      kinds: new Map<string, Kind>(),
    }
    this.#tallies.set(id, tally)
    tally.last = now
    tally.count += subjects.length
    for (const { item, version, field } of subjects) {
      const name = kindOf({ item, version, field })
      const kind = tally.kinds.get(name) ?? { item: item.item, version, field: field ?? '', count: 0 }
      kind.count += 1
      tally.kinds.set(name, kind)
    }
  }
}

const recordOf = (binding: string, tally: Tally): AuditRecord => {
  const record = plainRecord(tally.last, 'credential.read_unrecorded', 'ok')
  record.binding = binding
  record.environment = tally.environment
  record.application = tally.application
  record.count = tally.count
  const reads = [...tally.kinds.values()].map((kind) => ({ ...kind }))
  record.unrecorded = { first: tally.first, last: tally.last, reads }
  const [only] = reads
  if (only !== undefined && new Set(reads.map(({ item }) => item)).size === 1) record.item = only.item
  if (only !== undefined && reads.length === 1) record.version = only.version
  return record
}
