import type { ProblemCode } from '@countersign/schema/problem'
import type { RequestHeaders } from './request-headers.ts'

export type Transport = 'tcp' | 'socket'

/** `127.0.0.0/8` and `::1`, also as an IPv4-mapped address. */
export const isLoopback = (address: string): boolean =>
  address === '::1' || /^(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(address)

/** The exact Host values that name this listener (P23): a page whose name was re-bound to loopback sends its own name. */
export const acceptedHosts = (transport: Transport, port: number): ReadonlySet<string> =>
  transport === 'socket'
    ? new Set(['localhost'])
    : new Set([`127.0.0.1:${port}`, `[::1]:${port}`, `localhost:${port}`])

/**
 * What is refused before anything looks at a path or a token, in this order: Host, pages, pre-flights. The address was checked when
 * the connection came.
 */
export const refuseBeforeRouting = (
  method: string,
  headers: RequestHeaders,
  hosts: ReadonlySet<string>,
): ProblemCode | null => {
  if (headers.host === undefined || !hosts.has(headers.host)) return 'host.refused'
  if (headers.fromPage || method === 'OPTIONS') return 'browser.refused'
  return null
}
