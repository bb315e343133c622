import type { ProblemCode } from '@countersign/schema/problem'
import type { Api } from './api.ts'
import type { Exchange } from './exchange.ts'
import type { Refusal } from './source.ts'

/** What the Authorization header says. */
export interface Bearer {
  readonly ok: true
  readonly text: string
  /** Sent under the scheme DPoP: with a proof of the program's key. */
  readonly proven: boolean
}

const BEARER = /^(Bearer|DPoP) ([\x21-\x7e]{1,200})$/i
const BAD_TOKENS_PER_CONNECTION = 8

/** Refuses for a wrong token: counted, coalesced in the audit, and slowed down. */
export const refuseToken = (api: Api, exchange: Exchange, code: ProblemCode, detail?: string): Refusal => {
  const retryAfterMs = api.badTokens.count(api.now())
  const shown = retryAfterMs === null ? code : 'token.too_many_bad'
  api.gate.deny('app.denied', code)
  api.metrics.denied(shown)
  exchange.connection.badTokens += 1
  if (exchange.connection.badTokens >= BAD_TOKENS_PER_CONNECTION) exchange.res.shouldKeepAlive = false
  return {
    ok: false,
    code: shown,
    ...(retryAfterMs === null ? (detail === undefined ? {} : { detail }) : { retryAfterMs }),
  }
}

/** The token or claim of the Authorization header, or why there is none. */
export const bearerOf = (exchange: Exchange): Bearer | { ok: false; code: ProblemCode } => {
  const { authorization } = exchange.headers
  if (authorization === undefined) return { ok: false, code: 'token.missing' }
  const [, scheme, text] = BEARER.exec(authorization) ?? []
  return text === undefined
    ? { ok: false, code: 'token.malformed' }
    : { ok: true, text, proven: scheme?.length === 4 }
}
