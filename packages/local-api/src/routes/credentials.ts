import type { CredentialList } from '@countersign/schema/local-api'
import { isFieldName, parseVersion, type Reference } from '@countersign/schema/reference'
import { isSlug } from '@countersign/schema/slug'
import { type Api, modeOf } from '../api.ts'
import { authenticate, type Bound, sendRefusal } from '../authenticate.ts'
import type { Exchange } from '../exchange.ts'
import { usesLeft } from '../lease.ts'
import type { PreparedRead, ReadSubject } from '../prepared-reads.ts'
import {
  giveBackUses,
  goesOnUnrecorded,
  type Opened,
  openCredential,
  recordReads,
  referenceOf,
  refuseIfEnded,
  renderCredential,
} from '../read-credential.ts'
import { recordListing } from '../record-listing.ts'
import { type ByteText, prepareAnswer, SEALED, send, sendNotModified, sendPrepared } from '../respond.ts'
import type { Refusal } from '../source.ts'

const referenceIn = (exchange: Exchange): Reference | Refusal => {
  const { vault = '', environment = '', item = '', field } = exchange.params
  const wellFormed =
    isSlug(vault) && isSlug(environment) && isSlug(item) && (field === undefined || isFieldName(field))
  if (!wellFormed) return { ok: false, code: 'reference.malformed' }
  if (exchange.query === '') return { vault, environment, item, field: field ?? null, version: null }
  const version = exchange.query.startsWith('version=')
    ? parseVersion(exchange.query.slice('version='.length))
    : null
  if (version === null) {
    return { ok: false, code: 'query.invalid', detail: 'The only query here is version=N, from 1.' }
  }
  return { vault, environment, item, field: field ?? null, version }
}

const isRefusal = (value: object): value is Refusal => 'ok' in value && value.ok === false

/** Weak: the lease in the body may differ while the credential does not. */
const etagOf = ({ item, version, field }: ReadSubject): string =>
  `W/"${item.item.slice(0, 16)}.${version}${field === null ? '' : `.${field}`}"`

const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  (ifNoneMatch === etag || ifNoneMatch.split(',').some((each) => each.trim() === etag))

/** `GET /v1/credentials/{vault}/{environment}/{item}[/{field}]`: the hot path, without a promise until the disk is waited for. */
export const readCredential = (api: Api, exchange: Exchange): undefined | Promise<undefined> => {
  const bound = authenticate(api, exchange)
  return bound instanceof Promise
    ? bound.then((each) => readAs(api, exchange, each))
    : readAs(api, exchange, bound)
}

const readAs = (api: Api, exchange: Exchange, bound: Bound | Refusal): undefined | Promise<undefined> => {
  if (isRefusal(bound)) return sendRefusal(api, exchange, bound)
  const { session, snapshot, entry } = bound
  const kept = session.prepared.find(entry, snapshot, exchange.url)
  if (kept !== undefined) {
    return answer(api, exchange, bound, kept, () => byteText(kept.body.expose()))
  }
  const reference = referenceIn(exchange)
  if (isRefusal(reference)) return sendRefusal(api, exchange, reference)
  const stamp = session.source.stamp()
  const opened = openCredential(api, bound, reference)
  return opened instanceof Promise
    ? opened.then((each) => answerFirst(api, exchange, bound, each, stamp))
    : answerFirst(api, exchange, bound, opened, stamp)
}

/** A read that was worked out for this answer, and is kept for the next where nothing in it depends on how many there were. */
const answerFirst = (
  api: Api,
  exchange: Exchange,
  bound: Bound,
  opened: Opened | Refusal,
  stamp: number,
): undefined | Promise<undefined> => {
  if (!opened.ok) return sendRefusal(api, exchange, opened)
  const { session, snapshot, entry } = bound
  const read = {
    snapshot,
    subject: { item: opened.item, version: opened.version, field: opened.field },
    etag: etagOf(opened),
    ageMs: opened.credential.ageMs,
  }
  return answer(api, exchange, bound, read, () => {
    const body = Buffer.from(JSON.stringify(renderCredential(bound, opened)))
    if (snapshot.terms.lease.uses === null) session.prepared.keep(entry, exchange.url, stamp, read, body)
    return byteText(body)
  })
}

const byteText = ({ buffer, byteOffset, length }: Uint8Array): ByteText => ({
  latin1: Buffer.from(buffer, byteOffset, length).toString('latin1'),
})

/** On record first, then sent. The body is made before the wait: what is kept may be wiped during it. */
const answer = (
  api: Api,
  exchange: Exchange,
  bound: Bound,
  { subject, etag, ageMs }: Omit<PreparedRead, 'body'>,
  bodyOf: () => ByteText,
): undefined | Promise<undefined> => {
  // Anybody could say 304 to a program with keys: it gets the value, signed.
  const unchanged = bound.seal === null && matches(exchange.headers.ifNoneMatch, etag)
  const recorded = recordReads(api, bound, [subject], unchanged ? 'not_modified' : 'ok')
  if (!recorded.ok) return sendRefusal(api, exchange, recorded)
  const { durable } = recorded
  const refuse = (refusal: Refusal): undefined => {
    giveBackUses(bound, recorded)
    return sendRefusal(api, exchange, refusal)
  }
  const body = unchanged ? null : bodyOf()
  const finish = (refused: { readonly cause: unknown } | null, sealed: string | null): undefined => {
    const ended = refuseIfEnded(api, bound, [subject])
    if (ended !== null) return refuse(ended)
    if (refused !== null && !goesOnUnrecorded(api, bound, [subject], refused.cause)) {
      return refuse({ ok: false, code: 'audit.failed' })
    }
    const headers = ageMs > 0 ? ['ETag', etag, 'Age', String(Math.floor(ageMs / 1000))] : ['ETag', etag]
    api.metrics.read(refused !== null ? 'unrecorded' : body === null ? 'not_modified' : 'ok')
    if (body === null) return sendNotModified(exchange.res, modeOf(api), headers)
    if (sealed !== null) send(exchange.res, 200, SEALED, sealed, modeOf(api), headers)
    else send(exchange.res, 200, 'application/json', body, modeOf(api), headers)
  }
  const { seal } = bound
  if (seal === null || body === null) {
    return durable.then(
      () => finish(null, null),
      (cause: unknown) => finish({ cause }, null),
    )
  }
  const sealing = seal(Buffer.from(body.latin1, 'latin1'))
  // What cannot be sealed does not leave. It is waited for after the disk, so its failure is heard here as well.
  sealing.catch(() => giveBackUses(bound, recorded))
  return durable.then(
    async () => finish(null, await sealing),
    async (cause: unknown) => finish({ cause }, await sealing),
  )
}

/** `GET /v1/credentials`: what this binding may read, no values. */
export const listCredentials = async (api: Api, exchange: Exchange): Promise<undefined> => {
  const bound = await authenticate(api, exchange)
  if (isRefusal(bound)) return sendRefusal(api, exchange, bound)
  if (exchange.query !== '') return sendRefusal(api, exchange, { ok: false, code: 'query.invalid' })
  const { session, snapshot, entry } = bound
  const credentials: CredentialList['credentials'] = []
  for (const id of snapshot.terms.items) {
    const item = session.source.item(snapshot.terms.environment, id)
    if (item === undefined) continue
    credentials.push({
      reference: referenceOf(item),
      provider: item.provider,
      fields: [...item.fields],
      version: item.version,
      updatedAt: item.updatedAt,
    })
  }
  const refused = await recordListing(api, bound, 'ok')
  if (refused !== null) return sendRefusal(api, exchange, refused)
  const list: CredentialList = {
    binding: snapshot.id,
    application: snapshot.application,
    mode: snapshot.terms.mode,
    lease: { expiresAt: snapshot.expiresAt, usesLeft: usesLeft(snapshot, entry.record) },
    credentials,
  }
  const answer = await prepareAnswer(list, bound.seal)
  const late = refuseIfEnded(api, bound)
  return late === null ? sendPrepared(exchange.res, answer, modeOf(api)) : sendRefusal(api, exchange, late)
}
