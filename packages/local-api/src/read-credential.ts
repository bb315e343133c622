import type { AuditRecord } from '@countersign/schema/audit'
import type { Credential } from '@countersign/schema/local-api'
import type { ProblemCode } from '@countersign/schema/problem'
import { findProvider } from '@countersign/schema/providers'
import { formatReference, itemReference, type Reference } from '@countersign/schema/reference'
import type { Terms } from '@countersign/schema/request'
import { type Api, modeOf } from './api.ts'
import { type Bound, denied } from './authenticate.ts'
import { usesLeft } from './lease.ts'
import { plainRecord } from './plain-record.ts'
import type { ReadSubject } from './prepared-reads.ts'
import type { LocatedItem, OpenedCredential, Refusal, Result } from './source.ts'

/** A value on its way out: opened, within scope, not yet on record. */
export interface Opened extends ReadSubject {
  readonly ok: true
  readonly credential: OpenedCredential
  /** Of the field that was asked for, or that stands for the whole. */
  readonly value: string
}

/** Name of the environment a binding is for, as references write it. */
const homeOf = (bound: Bound): LocatedItem | undefined => {
  const { source } = bound.session
  const { environment, items } = bound.snapshot.terms
  for (const item of items) {
    const located = source.item(environment, item)
    if (located !== undefined) return located
  }
  return undefined
}

/**
 * Outside the binding's own environment nothing is said about what exists; inside it a misspelt name is told from one out of scope,
 * or developers would look in the wrong place.
 */
const refuseUnknown = (api: Api, bound: Bound, reference: Reference, refusal: Refusal): Refusal => {
  const home = homeOf(bound)
  const inside = home?.vaultName === reference.vault && home.environmentName === reference.environment
  const shown = inside ? refusal : ({ ok: false, code: 'scope.refused' } as const)
  denied(api, bound.snapshot, shown.code, formatReference(reference))
  return shown
}

const refuseScope = (terms: Terms, item: LocatedItem): ProblemCode | null => {
  if (item.environment !== terms.environment || !terms.items.includes(item.item)) return 'scope.refused'
  if (terms.mode === 'broker') return 'mode.broker_only'
  return null
}

/** Scope, then the value. Answers at once where the source does. */
export const openCredential = (
  api: Api,
  bound: Bound,
  reference: Reference,
): Opened | Refusal | Promise<Opened | Refusal> => {
  const { session, snapshot } = bound
  const refuse = (code: ProblemCode): Refusal => denied(api, snapshot, code, formatReference(reference))
  const located = session.source.locate(reference.vault, reference.environment, reference.item)
  if (!located.ok) return refuseUnknown(api, bound, reference, located)
  const { item } = located
  const outside = refuseScope(snapshot.terms, item)
  if (outside !== null) return refuse(outside)
  if (reference.field !== null && !item.fields.includes(reference.field)) {
    return refuse('credential.field_unknown')
  }
  const finish = (opened: Result<{ readonly credential: OpenedCredential }>): Opened | Refusal => {
    if (!opened.ok) {
      denied(api, snapshot, opened.code, formatReference(reference))
      return opened
    }
    const { credential } = opened
    const { field } = reference
    // A version older than the item's meta may lack a field that the current one has.
    const value = credential.fields[field ?? mainField(item)]
    if (value === undefined) return refuse('credential.field_unknown')
    return { ok: true, item, version: credential.version, field, credential, value }
  }
  const opened = session.source.open(snapshot, item, reference.version)
  return opened instanceof Promise ? opened.then(finish) : finish(opened)
}

/** Reads of one answer, counted and on their way to the record. */
export interface Recorded {
  readonly ok: true
  /** Resolves when they may be answered. */
  readonly durable: Promise<unknown>
  /** How many uses of the lease they took. */
  readonly uses: number
}

/**
 * Counts reads where the lease limits them, and puts them on record: all of one answer, or none. Both are decided in the turn in which it is
 * called, so that nothing that was asked before a wait is relied on. What is refused later goes to `giveBackUses`.
 */
export const recordReads = (
  api: Api,
  bound: Bound,
  subjects: readonly ReadSubject[],
  outcome: 'ok' | 'not_modified',
): Recorded | Refusal => {
  const { session, entry, token, snapshot } = bound
  const limit = snapshot.terms.lease.uses
  const uses = outcome === 'ok' && limit !== null ? subjects.length : 0
  const use = session.book.use(entry, token, uses, limit)
  if (!use.ok) return denied(api, snapshot, use.code, refusedUses(bound, use.code, uses))
  const appended = subjects.map((subject) => api.gate.append(recordOf(api, bound, subject, outcome)))
  const [first] = appended
  const durable =
    use.written === undefined && first !== undefined && appended.length === 1
      ? first
      : Promise.all([use.written, ...appended])
  if (snapshot.maxUnrecordedMs === 0) return { ok: true, durable, uses }
  const { unrecorded } = api.gate
  const noted = durable.then(() => {
    for (const subject of subjects) unrecorded.recorded(entry, subject)
  })
  return { ok: true, durable: noted, uses }
}

const refusedUses = ({ snapshot, entry }: Bound, code: ProblemCode, uses: number): string | undefined =>
  code === 'lease.used_up'
    ? `The lease has ${usesLeft(snapshot, entry.record) ?? 0} uses left; ${uses} were asked for.`
    : undefined

const recordOf = (
  api: Api,
  { snapshot }: Bound,
  { item, version, field }: ReadSubject,
  outcome: 'ok' | 'not_modified',
): AuditRecord => {
  const record = plainRecord(api.now(), 'credential.read', outcome)
  record.binding = snapshot.id
  record.environment = item.environment
  record.item = item.item
  record.version = version
  record.application = snapshot.application
  record.detail = field ?? ''
  return record
}

/** No value left: what was counted for it is not. An answer that was let go counts, whoever is there to read it. */
export const giveBackUses = ({ session, entry }: Bound, { uses }: Recorded): void =>
  session.book.giveBackUses(entry, uses)

/**
 * Whether reads of one answer, whose records were refused with `cause`, may be answered all the same: the policy lets this lease go on.
 * They are counted, and programs and the app are told of the mode. To be asked last: what it says is then done.
 */
export const goesOnUnrecorded = (
  api: Api,
  bound: Bound,
  subjects: readonly ReadSubject[],
  cause: unknown,
): boolean => {
  const { unrecorded } = api.gate
  const snapshot = bound.session.source.binding(bound.snapshot.id)
  const before = unrecorded.since
  if (snapshot === undefined || !api.gate.letBy(bound.entry, snapshot, subjects, cause)) return false
  if (before === null) {
    api.hub.send({ type: 'mode', mode: modeOf(api) }, () => true)
    api.onMode()
  }
  return true
}

/**
 * Whether the answer may leave now, after waiting for the disk: the end of a session, a lease or a token, a revocation and a narrowing win
 * every race.
 */
export const refuseIfEnded = (
  api: Api,
  { session, snapshot, entry, token }: Bound,
  subjects: readonly ReadSubject[] = [],
): Refusal | null => {
  if (api.session !== session) return { ok: false, code: 'locked' }
  const now = session.source.binding(snapshot.id)
  if (now?.state !== 'granted') {
    return { ok: false, code: now?.state === 'grant_expired' ? 'lease.expired' : 'binding.revoked' }
  }
  if (api.now() >= now.expiresAt) return { ok: false, code: 'lease.expired' }
  if (!session.book.works(entry, token)) return { ok: false, code: 'token.unknown' }
  if (now === snapshot) return null
  for (const { item } of subjects) {
    const code = refuseScope(now.terms, item)
    if (code !== null) return { ok: false, code }
  }
  return null
}

/** The field that stands for the whole credential: the only one, or the provider's first secret. */
export const mainField = (item: LocatedItem): string => {
  const [first = '', ...others] = item.fields
  if (others.length === 0) return first
  const secret = findProvider(item.provider)?.fields.find(
    (each) => each.secret && item.fields.includes(each.name),
  )
  return secret?.name ?? first
}

export const referenceOf = (item: LocatedItem): string =>
  itemReference(item.vaultName, item.environmentName, item.name)

/** What is sent. */
export const renderCredential = (bound: Bound, { item, credential, field, value }: Opened): Credential => {
  const reference = referenceOf(item)
  return {
    reference: field === null ? reference : `${reference}/${field}`,
    provider: item.provider,
    version: credential.version,
    value,
    fields: field === null ? credential.fields : { [field]: value },
    lease: { expiresAt: bound.snapshot.expiresAt, usesLeft: usesLeft(bound.snapshot, bound.entry.record) },
  }
}
