import type { Duplex } from 'node:stream'
import { PROBLEMS, type ProblemCode } from '@countersign/schema/problem'
import type { Api } from './api.ts'
import { problemOf } from './respond.ts'

const CODES: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'request.headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request.timeout',
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
}

/**
 * What the parser would not take: an answer where one can still be sent, then the end of the connection. Nobody looked at its Host, so
 * a page may read the answer: it does not say how this installation stands.
 */
export const refuseBrokenRequest = (api: Api, cause: Error | ProblemCode, socket: Duplex | null): void => {
  const parserCode = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const code: ProblemCode = cause instanceof Error ? (CODES[parserCode] ?? 'request.malformed') : cause
  api.gate.deny('app.denied', code)
  api.metrics.denied(code)
  if (socket === null || socket.destroyed) return
  if (!socket.writable || parserCode === 'ECONNRESET' || parserCode === 'EPIPE') {
    socket.destroy()
    return
  }
  const body = Buffer.from(JSON.stringify(problemOf({ ok: false, code }, null)))
  const { status } = PROBLEMS[code]
  const head = [
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Refused'}`,
    'Content-Type: application/problem+json',
    `Content-Length: ${body.length}`,
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Connection: close',
  ]
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]))
}
