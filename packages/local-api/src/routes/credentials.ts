import type { CredentialList } from '@countersign/schema/local-api'
import { isFieldName, isSlug, parseVersion, type Reference } from '@countersign/schema/reference'
import { type Api, modeOf } from '../api.ts'
import { authenticate, type Bound, sendRefusal } from '../authenticate.ts'
import type { Exchange } from '../exchange.ts'
import { usesLeft } from '../lease.ts'
import {
  type Opened,
  openCredential,
  recordRead,
  referenceOf,
  refuseIfEnded,
  renderCredential,
} from '../read-credential.ts'
import { recordListing } from '../record-listing.ts'
import { sendJson, sendNotModified } from '../respond.ts'
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
const etagOf = (opened: Opened): string =>
  `W/"${opened.item.item.slice(0, 16)}.${opened.credential.version}${opened.field === null ? '' : `.${opened.field}`}"`

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
  const reference = referenceIn(exchange)
  if (isRefusal(reference)) return sendRefusal(api, exchange, reference)
  const opened = openCredential(api, bound, reference)
  return opened instanceof Promise
    ? opened.then((each) => answer(api, exchange, bound, each))
    : answer(api, exchange, bound, opened)
}

const answer = (
  api: Api,
  exchange: Exchange,
  bound: Bound,
  opened: Opened | Refusal,
): undefined | Promise<undefined> => {
  if (!opened.ok) return sendRefusal(api, exchange, opened)
  const etag = etagOf(opened)
  const unchanged = matches(exchange.headers.ifNoneMatch, etag)
  const ageMs = opened.credential.ageMs
  return recordRead(api, bound, opened, unchanged ? 'not_modified' : 'ok').then(
    () => {
      const ended = refuseIfEnded(api, bound)
      if (ended !== null) return sendRefusal(api, exchange, ended)
      const headers = ageMs > 0 ? ['ETag', etag, 'Age', String(Math.floor(ageMs / 1000))] : ['ETag', etag]
      if (unchanged) {
        api.metrics.read('not_modified')
        return sendNotModified(exchange.res, modeOf(api), headers)
      }
      const rendered = renderCredential(bound, opened)
      if (!rendered.ok) return sendRefusal(api, exchange, rendered)
      api.metrics.read('ok')
      sendJson(exchange.res, 200, rendered.body, modeOf(api), headers)
    },
    () => sendRefusal(api, exchange, { ok: false, code: 'audit.failed' }),
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
  if (!(await recordListing(api, bound, 'ok'))) {
    return sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
  }
  const list: CredentialList = {
    binding: snapshot.id,
    application: snapshot.application,
    mode: snapshot.terms.mode,
    lease: { expiresAt: snapshot.expiresAt, usesLeft: usesLeft(snapshot, entry.record) },
    credentials,
  }
  sendJson(exchange.res, 200, list, modeOf(api))
}
