import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Api, modeOf } from './api.ts'
import type { ConnectionState } from './connection-state.ts'
import { refuseBeforeRouting } from './defence.ts'
import type { Exchange } from './exchange.ts'
import type { TargetReader, TargetRefusal } from './read-target.ts'
import { readHeaders } from './request-headers.ts'
import { sendProblem } from './respond.ts'
import type { Refusal } from './source.ts'

/**
 * The one way in. In this order: who connects, Host, pages, the form of the path, the route, the body; then the route's own: token,
 * scope, lease, audit. Nothing secret is looked at before all of the first have passed.
 */
export const handleRequest = (
  api: Api,
  read: TargetReader,
  connection: ConnectionState,
  req: IncomingMessage,
  res: ServerResponse,
): undefined => {
  if (connection.ownUser === true) return route(api, read, connection, req, res)
  connection.checkUser().then(
    (own) => {
      if (own) return route(api, read, connection, req, res)
      // Nor does it keep a place that others could have.
      res.setHeader('Connection', 'close')
      turnAway(api, res, {
        ok: false,
        code: 'address.refused',
        detail: 'Another user of this machine called, or one whom the system does not tell.',
      })
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

/** The same to whoever may be a page or another user: a re-bound page reads the answer, so it says nothing of this installation. */
const turnAway = (api: Api, res: ServerResponse, refusal: Refusal): undefined => {
  api.gate.deny('app.denied', refusal.code)
  api.metrics.denied(refusal.code)
  sendProblem(res, refusal, null)
}

const refuseTarget = (api: Api, res: ServerResponse, target: TargetRefusal): undefined => {
  if (target.code === 'token.in_url') {
    const message = 'A program put a token into an address, where logs keep it: revoke that binding.'
    api.source.alert({ code: 'token.in_url', binding: null, message })
  }
  refuse(api, res, target, target.allow)
}

const fail = (api: Api, res: ServerResponse, error: unknown): undefined => {
  api.onDefect(error)
  if (res.headersSent) res.destroy()
  else sendProblem(res, { ok: false, code: 'internal' }, modeOf(api))
}

const route = (
  api: Api,
  read: TargetReader,
  connection: ConnectionState,
  req: IncomingMessage,
  res: ServerResponse,
): undefined => {
  const sent = readHeaders(req.rawHeaders)
  if (!sent.ok) return turnAway(api, res, { ok: false, code: sent.code, detail: sent.detail })
  const { headers } = sent
  const { method = '', url = '' } = req
  const code = refuseBeforeRouting(method, headers, connection.hosts)
  if (code !== null) return turnAway(api, res, { ok: false, code })
  const target = read(method, url)
  if (!target.ok) return refuseTarget(api, res, target)
  const { route: way, params, query } = target
  if (!way.takesBody && headers.hasBody) return refuse(api, res, { ok: false, code: 'body.unexpected' })
  if (api.gate.full) return refuse(api, res, { ok: false, code: 'overloaded' })
  const exchange: Exchange = { req, res, headers, connection, url, params, query }
  const began = way.timed ? performance.now() : -1
  let answered: undefined | Promise<undefined>
  try {
    answered = way.handler(api, exchange)
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
