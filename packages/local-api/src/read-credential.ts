import type { Credential } from '@countersign/schema/local-api'
import type { ProblemCode } from '@countersign/schema/problem'
import { findProvider } from '@countersign/schema/providers'
import { formatReference, itemReference, type Reference } from '@countersign/schema/reference'
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
  const { terms } = snapshot
  if (item.environment !== terms.environment || !terms.items.includes(item.item))
    return refuse('scope.refused')
  if (terms.mode === 'broker') return refuse('mode.broker_only')
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

/** Puts the read on record; resolves when it is durable. A use is counted where the lease limits them. */
export const recordRead = (
  api: Api,
  bound: Bound,
  subject: ReadSubject,
  outcome: 'ok' | 'not_modified',
): Promise<unknown> => {
  const { item, version, field } = subject
  const counted = outcome === 'ok' && bound.snapshot.terms.lease.uses !== null
  const use = bound.session.book.use(bound.entry, counted)
  const record = plainRecord(api.now(), 'credential.read', outcome)
  record.binding = bound.snapshot.id
  record.environment = item.environment
  record.item = item.item
  record.version = version
  record.application = bound.snapshot.application
  record.detail = field ?? ''
  const durable = api.gate.append(record)
  const both = use === undefined ? durable : Promise.all([use, durable])
  if (bound.snapshot.maxUnrecordedMs === 0) return both
  return both.then(() => api.gate.unrecorded.recorded(bound.entry, subject))
}

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
 * Whether the lease has so many uses left. To be asked in the turn in which they are counted, whatever was found before anything was
 * waited for.
 */
export const refuseUses = (api: Api, bound: Bound, count: number): Refusal | null => {
  const left = usesLeft(bound.snapshot, bound.entry.record)
  if (left === null || left >= count) return null
  const detail = count === 1 ? undefined : `The lease has ${left} uses left; ${count} were asked for.`
  return denied(api, bound.snapshot, 'lease.used_up', detail)
}

/** Whether binding and token still stand after something was waited for: a revocation wins every race. */
export const refuseIfEnded = (api: Api, bound: Bound): Refusal | null => {
  if (api.session !== bound.session) return { ok: false, code: 'locked' }
  if (!bound.session.book.stands(bound.entry, bound.token)) return { ok: false, code: 'token.unknown' }
  const now = bound.session.source.binding(bound.snapshot.id)
  if (now?.state === 'granted') return null
  return { ok: false, code: now?.state === 'grant_expired' ? 'lease.expired' : 'binding.revoked' }
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
