import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Api, modeOf } from './api.ts'
import type { ConnectionState } from './connection-state.ts'
import { refuseBeforeRouting } from './defence.ts'
import type { Exchange } from './exchange.ts'
import { readHeaders } from './request-headers.ts'
import { sendProblem } from './respond.ts'
import type { Found } from './routes/table.ts'
import type { Refusal } from './source.ts'

const MAX_TARGET = 1024
/** Names are lower-case ASCII, so nothing in a path ever needs an escape: there is one way to write each. */
const PATH = /^\/[A-Za-z0-9._/-]*$/
const QUERY = /^[A-Za-z0-9=&_.,-]*$/
const TOKEN_IN_URL = /cs_(?:app|claim)_[0-9A-Za-z]{20}/

/**
 * The one way in. In this order: who connects, Host, pages, the form of the path, the route, the body; then the route's own: token,
 * scope, lease, audit. Nothing secret is looked at before all of the first have passed.
 */
export const handleRequest = (
  api: Api,
  find: (method: string, path: string) => Found,
  connection: ConnectionState,
  req: IncomingMessage,
  res: ServerResponse,
): undefined => {
  if (connection.ownUser === true) return route(api, find, connection, req, res)
  connection.checkUser().then(
    (own) => {
      if (own) return route(api, find, connection, req, res)
      refuse(api, res, { ok: false, code: 'address.refused', detail: 'Another user of this machine called.' })
    },
    (error: unknown) => fail(api, res, error),
  )
}

/** Refusals before anybody authenticated: counted together in the audit. */
const refuse = (api: Api, res: ServerResponse, refusal: Refusal, allow?: string): undefined => {
  api.gate.deny('app.denied', refusal.code)
  api.metrics.denied(refusal.code)
  sendProblem(res, refusal, modeOf(api), allow === undefined ? {} : { allow })
}

const fail = (api: Api, res: ServerResponse, error: unknown): undefined => {
  api.onDefect(error)
  if (res.headersSent) res.destroy()
  else sendProblem(res, { ok: false, code: 'internal' }, modeOf(api))
}

const hasBody = (req: IncomingMessage): boolean =>
  req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0

const route = (
  api: Api,
  find: (method: string, path: string) => Found,
  connection: ConnectionState,
  req: IncomingMessage,
  res: ServerResponse,
): undefined => {
  const read = readHeaders(req.rawHeaders)
  if (!read.ok) return refuse(api, res, { ok: false, code: read.code, detail: read.detail })
  const { method = '', url = '' } = req
  const code = refuseBeforeRouting(method, read.headers, connection.hosts)
  if (code !== null) return refuse(api, res, { ok: false, code })
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  const query = at === -1 ? '' : url.slice(at + 1)
  if (TOKEN_IN_URL.test(url)) {
    const message = 'A program put a token into an address, where logs keep it: revoke that binding.'
    api.source.alert({ code: 'token.in_url', binding: null, message })
    return refuse(api, res, { ok: false, code: 'token.in_url' })
  }
  if (url.length > MAX_TARGET || !PATH.test(path) || !QUERY.test(query)) {
    const detail = 'Paths hold letters, digits, dots, dashes, underscores and slashes; nothing is escaped.'
    return refuse(api, res, { ok: false, code: 'reference.malformed', detail })
  }
  const found = find(method, path)
  if (found.state === 'unknown') return refuse(api, res, { ok: false, code: 'path.unknown' })
  if (found.state === 'method') return refuse(api, res, { ok: false, code: 'method.refused' }, found.allow)
  if (!found.route.takesBody && hasBody(req)) return refuse(api, res, { ok: false, code: 'body.unexpected' })
  if (api.gate.full) return refuse(api, res, { ok: false, code: 'overloaded' })
  const exchange: Exchange = { req, res, headers: read.headers, connection, params: found.params, query }
  const began = found.route.timed ? performance.now() : -1
  let answered: undefined | Promise<undefined>
  try {
    answered = found.route.handler(api, exchange)
  } catch (error) {
    return fail(api, res, error)
  }
  if (answered === undefined) {
    count(api, res, began)
    return
  }
  answered.then(
    () => count(api, res, began),
    (error: unknown) => fail(api, res, error),
  )
}

const count = (api: Api, res: ServerResponse, began: number): void =>
  api.metrics.answered(res.statusCode, began < 0 ? -1 : (performance.now() - began) / 1000)
