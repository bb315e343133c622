import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ConnectionState } from './connection-state.ts'
import type { RequestHeaders } from './request-headers.ts'

/** One request on its way to one answer. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly headers: RequestHeaders
  readonly connection: ConnectionState
  /** Path and query as they were sent. */
  readonly url: string
  /** Path parameters by name. */
  readonly params: Readonly<Record<string, string | undefined>>
  /** Without the question mark; empty if there was none. */
  readonly query: string
}
