import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import {
  WRAP_CONTENT_TYPE,
  WRAP_FETCH_PATH,
  WRAP_OPTIONS_PATH,
  wrapFetchRequestSchema,
  wrapOptionsRequestSchema,
} from '@countersign/schema/wrap-http'
import type { z } from 'zod'
import { StoreError } from '../../core/store-error.ts'
import { TokenBuckets } from '../../core/token-bucket.ts'
import type { NodeContext } from '../../node-context.ts'
import { createStoreWatch, healthOf } from './health.ts'
import { readBody } from './read-body.ts'
import { fetchWrap, wrapOptions } from './wraps.ts'

const MAX_BODY_BYTES = 32 * 1024

interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array | string
}

const json = (status: number, body: object): Answer => ({
  status,
  contentType: 'application/json',
  body: JSON.stringify(body),
})
const cbor = (status: number, body: CborValue): Answer => ({
  status,
  contentType: WRAP_CONTENT_TYPE,
  body: encodeCanonical(body),
})
const problem = (status: number, code: string, message: string): Answer => cbor(status, { code, message })

const NOT_FOUND = json(404, { code: 'not_found' })

/** Health, metrics and the download of wrapped keys. Nothing here is for browsers: no CORS header, `Origin` refused. */
export const createHttpEndpoint = (node: NodeContext, connections: () => number): Server => {
  const storeMode = createStoreWatch(node.store, () => performance.now())
  const proofs = new TokenBuckets(node.rates.proofsPerAddress)

  const post = async <T>(
    request: IncomingMessage,
    schema: z.ZodType<T>,
    answer: (body: T) => Promise<Answer>,
  ): Promise<Answer> => {
    if (!proofs.take(request.socket.remoteAddress ?? '', 1, node.now())) {
      return problem(429, 'rate.limited', 'Too many attempts. Wait a minute.')
    }
    if (request.headers['content-type'] !== WRAP_CONTENT_TYPE) {
      return problem(415, 'body.type', `The body is ${WRAP_CONTENT_TYPE}.`)
    }
    const body = await readBody(request, MAX_BODY_BYTES)
    if (body === undefined) return problem(413, 'body.too_large', 'The body is too large.')
    const parsed = parse(schema, body)
    if (parsed === undefined)
      return problem(400, 'body.malformed', 'The body is not what this address takes.')
    return answer(parsed)
  }

  const route = async (request: IncomingMessage): Promise<Answer> => {
    if (request.headers.origin !== undefined) return json(403, { code: 'origin.refused' })
    switch (`${request.method} ${request.url}`) {
      case 'GET /livez':
        return json(200, { status: 'ok' })
      case 'GET /readyz': {
        const { status, mode } = await healthOf(node, storeMode, connections())
        return json(status === 'ok' ? 200 : 503, { status, mode })
      }
      case 'GET /health':
        return json(200, await healthOf(node, storeMode, connections()))
      case 'GET /metrics':
        node.metrics.queueDepth.set(node.appends.depth)
        return {
          status: 200,
          contentType: node.metrics.registry.contentType,
          body: await node.metrics.registry.metrics(),
        }
      case `POST ${WRAP_OPTIONS_PATH}`:
        return post(request, wrapOptionsRequestSchema, async (body) =>
          cbor(200, await wrapOptions(node, body)),
        )
      case `POST ${WRAP_FETCH_PATH}`:
        return post(request, wrapFetchRequestSchema, async (body) => {
          const wrap = await fetchWrap(node, body)
          node.metrics.wrapFetches.inc({ outcome: wrap === null ? 'refused' : 'ok' })
          if (wrap !== null) return cbor(200, { wrap })
          return problem(
            403,
            'wrap.refused',
            'No wrapped key for this proof. Check team, member and security key.',
          )
        })
      default:
        return NOT_FOUND
    }
  }

  const server = createServer({ maxHeaderSize: 8 * 1024, keepAlive: true }, (request, response) => {
    void respond(request, response, route, node)
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 15_000
  server.keepAliveTimeout = 10_000
  server.maxHeadersCount = 50
  return server
}

const parse = <T>(schema: z.ZodType<T>, body: Uint8Array): T | undefined => {
  try {
    return schema.parse(decodeCanonical(body))
  } catch {
    // A stranger's bytes: whatever is wrong with them has one answer.
    return undefined
  }
}

const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  route: (request: IncomingMessage) => Promise<Answer>,
  node: NodeContext,
): Promise<void> => {
  let answer: Answer
  try {
    answer = await route(request)
  } catch (cause) {
    const name = cause instanceof StoreError ? `StoreError ${cause.code}` : 'Error'
    node.log.error({ error: name }, 'a request could not be answered')
    answer = json(503, { code: 'store.failed' })
  }
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // What was not read of an oversized body ends with the connection.
    ...(request.complete ? {} : { connection: 'close' }),
  })
  response.end(answer.body)
}
