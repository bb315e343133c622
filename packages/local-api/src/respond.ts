import type { ServerResponse } from 'node:http'
import type { Mode } from '@countersign/schema/mode'
import { PROBLEMS, type Problem } from '@countersign/schema/problem'
import { endAfterRequest } from './linger.ts'
import type { Refusal } from './source.ts'

/** On every answer: nothing is cached, guessed at or embedded. No CORS header, ever. */
const COMMON = [
  'Cache-Control',
  'no-store',
  'X-Content-Type-Options',
  'nosniff',
  'Cross-Origin-Resource-Policy',
  'same-origin',
]

const headersByMode = new Map<Mode, readonly string[]>()
const headersOf = (mode: Mode | null): readonly string[] => {
  if (mode === null) return COMMON
  const known = headersByMode.get(mode)
  if (known !== undefined) return known
  const headers = [...COMMON, 'Countersign-Mode', mode]
  headersByMode.set(mode, headers)
  return headers
}

/** JOSE compact serialization (RFC 7515 §9.2.1). */
export const SEALED = 'application/jose'

/** A body whose bytes are these characters, one each: node:http puts head and body of a text into one buffer, of bytes it does not. */
export interface ByteText {
  readonly latin1: string
}

/**
 * One write of head and body. `more` is a flat list of names and values. `mode` null: to whoever may be a page, and learns nothing of
 * this installation.
 */
export const send = (
  res: ServerResponse,
  status: number,
  type: string,
  body: string | ByteText,
  mode: Mode | null,
  more: readonly string[] = [],
): undefined => {
  if (res.headersSent || res.destroyed) return
  const [text, encoding] =
    typeof body === 'string' ? ([body, 'utf8'] as const) : ([body.latin1, 'latin1'] as const)
  const length = Buffer.byteLength(text, encoding)
  const head = ['Content-Type', type, 'Content-Length', String(length), ...headersOf(mode), ...more]
  if (res.req.complete) {
    res.writeHead(status, head)
    res.end(text, encoding)
    return
  }
  head.push('Connection', 'close')
  res.writeHead(status, head)
  res.write(text, encoding)
  endAfterRequest(res)
}

export const sendJson = (
  res: ServerResponse,
  status: number,
  body: unknown,
  mode: Mode,
  more?: readonly string[],
): undefined => send(res, status, 'application/json', JSON.stringify(body), mode, more)

/** An answer as it goes out: sealed where the program's binding is sender-constrained (`seal`), else as JSON. */
export interface PreparedAnswer {
  readonly type: string
  readonly text: string
}

/** Whether the answer still stands is asked after this: sealing takes time, and a revocation or a lock wins. */
export const prepareAnswer = async (
  body: unknown,
  seal: ((body: string) => Promise<string>) | null,
): Promise<PreparedAnswer> => {
  const text = JSON.stringify(body)
  return seal === null ? { type: 'application/json', text } : { type: SEALED, text: await seal(text) }
}

export const sendPrepared = (res: ServerResponse, { type, text }: PreparedAnswer, mode: Mode): undefined =>
  send(res, 200, type, text, mode)

/** No body. */
export const sendNotModified = (res: ServerResponse, mode: Mode, more: readonly string[]): undefined => {
  res.writeHead(304, [...headersOf(mode), ...more])
  res.end()
}

/** A refusal with what only this layer knows. */
export interface ProblemExtras {
  readonly requestUrl?: string | undefined
  readonly errors?: NonNullable<Problem['errors']>
  readonly allow?: string
  /** To sign the next proof under (RFC 9449 §8). */
  readonly proofNonce?: string
}

export const problemOf = (refusal: Refusal, mode: Mode | null, extras: ProblemExtras = {}): Problem => {
  const { status, title, fix } = PROBLEMS[refusal.code]
  return {
    type: `urn:countersign:problem:${refusal.code}`,
    title,
    status,
    code: refusal.code,
    ...(refusal.detail === undefined ? {} : { detail: refusal.detail }),
    fix,
    ...(mode === null ? {} : { mode }),
    ...(extras.requestUrl === undefined ? {} : { requestUrl: extras.requestUrl }),
    ...(refusal.candidates === undefined ? {} : { candidates: [...refusal.candidates] }),
    ...(extras.errors === undefined ? {} : { errors: extras.errors }),
  }
}

const RETRY_DEFAULT_S: Readonly<Record<number, number>> = { 425: 5, 429: 5, 503: 5 }

/** RFC 9457. */
export const sendProblem = (
  res: ServerResponse,
  refusal: Refusal,
  mode: Mode | null,
  extras: ProblemExtras = {},
): undefined => {
  const problem = problemOf(refusal, mode, extras)
  const more: string[] = []
  const retry =
    refusal.retryAfterMs === undefined
      ? RETRY_DEFAULT_S[problem.status]
      : Math.max(1, Math.ceil(refusal.retryAfterMs / 1000))
  if (retry !== undefined) more.push('Retry-After', String(retry))
  if (extras.proofNonce !== undefined) {
    const error = refusal.code === 'proof.nonce' ? 'use_dpop_nonce' : 'invalid_dpop_proof'
    more.push('DPoP-Nonce', extras.proofNonce)
    more.push('WWW-Authenticate', `DPoP realm="countersign", error="${error}", algs="ES256 EdDSA"`)
  } else if (problem.status === 401) more.push('WWW-Authenticate', 'Bearer realm="countersign"')
  if (extras.allow !== undefined) more.push('Allow', extras.allow)
  send(res, problem.status, 'application/problem+json', JSON.stringify(problem), mode, more)
}
