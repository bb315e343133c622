import findMyWay from 'find-my-way'
import type { Api } from '../api.ts'
import type { Exchange } from '../exchange.ts'
import { askToBind, giveBack } from './bindings.ts'
import { listCredentials, readCredential } from './credentials.ts'
import { streamEvents } from './events.ts'
import { pollBinding } from './poll-binding.ts'
import { resolveReferences } from './resolve.ts'
import { health, live, metrics, ready } from './status.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** Answers one exchange; rejects only on a defect. */
export type Handler = (api: Api, exchange: Exchange) => undefined | Promise<undefined>

export interface Route {
  readonly handler: Handler
  readonly takesBody: boolean
  /** Whether its duration is measured as a credential read. */
  readonly timed: boolean
}

const METHODS: readonly Method[] = ['GET', 'POST', 'DELETE']

const ROUTES: readonly (readonly [Method, string, Handler])[] = [
  ['GET', '/livez', live],
  ['GET', '/readyz', ready],
  ['GET', '/health', health],
  ['GET', '/metrics', metrics],
  ['POST', '/v1/bindings', askToBind],
  ['GET', '/v1/bindings/:id', pollBinding],
  ['DELETE', '/v1/bindings/self', giveBack],
  ['GET', '/v1/credentials', listCredentials],
  ['GET', '/v1/credentials/:vault/:environment/:item', readCredential],
  ['GET', '/v1/credentials/:vault/:environment/:item/:field', readCredential],
  ['POST', '/v1/resolve', resolveReferences],
  ['GET', '/v1/events', streamEvents],
]

/** Method and path patterns served; the OpenAPI document is held against it. */
export const ROUTE_LIST: readonly (readonly [Method, string])[] = ROUTES.map(([method, path]) => [
  method,
  path,
])

export type Found =
  | { state: 'found'; route: Route; params: Readonly<Record<string, string | undefined>> }
  | { state: 'method'; allow: string }
  | { state: 'unknown' }

/** The look-up. Paths come checked: no escapes, so nothing to decode. HEAD is not served: a read is either made or not. */
export const newRouteTable = (): ((method: string, path: string) => Found) => {
  const router = findMyWay({ caseSensitive: true, maxParamLength: 128 })
  for (const [method, path, handler] of ROUTES) {
    const route: Route = { handler, takesBody: method === 'POST', timed: handler === readCredential }
    router.on(method, path, () => undefined, route)
  }
  const find = (method: Method, path: string) => router.find(method, path)
  return (method, path) => {
    const known = METHODS.find((each) => each === method)
    const found = known === undefined ? null : find(known, path)
    if (found !== null) {
      const route: Route = found.store
      return { state: 'found', route, params: found.params }
    }
    const allow = METHODS.filter((each) => find(each, path) !== null)
    return allow.length > 0 ? { state: 'method', allow: allow.join(', ') } : { state: 'unknown' }
  }
}
