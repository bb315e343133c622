import type { ProblemCode } from '@countersign/schema/problem'
import type { Found, Method, Route } from './routes/table.ts'

const MAX_TARGET = 1024
/** Names are lower-case ASCII, so nothing in a path ever needs an escape: there is one way to write each. */
const PATH = /^\/[A-Za-z0-9._/-]*$/
const QUERY = /^[A-Za-z0-9=&_.,-]*$/
const TOKEN_IN_URL = /cs_(?:app|claim)_[0-9A-Za-z]{20}/
const MAX_KNOWN = 1024

/** Where a request goes. */
export interface Target {
  readonly ok: true
  readonly route: Route
  /** Path parameters by name. */
  readonly params: Readonly<Record<string, string | undefined>>
  /** Without the question mark; empty if there was none. */
  readonly query: string
}

export interface TargetRefusal {
  readonly ok: false
  readonly code: ProblemCode
  readonly detail?: string
  readonly allow?: string
}

export type TargetReader = (method: string, url: string) => Target | TargetRefusal

const readTarget = (
  find: (method: string, path: string) => Found,
  method: string,
  url: string,
): Target | TargetRefusal => {
  if (TOKEN_IN_URL.test(url)) return { ok: false, code: 'token.in_url' }
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  const query = at === -1 ? '' : url.slice(at + 1)
  if (url.length > MAX_TARGET || !PATH.test(path) || !QUERY.test(query)) {
    const detail = 'Paths hold letters, digits, dots, dashes, underscores and slashes; nothing is escaped.'
    return { ok: false, code: 'reference.malformed', detail }
  }
  const found = find(method, path)
  if (found.state === 'unknown') return { ok: false, code: 'path.unknown' }
  if (found.state === 'method') return { ok: false, code: 'method.refused', allow: found.allow }
  return { ok: true, route: found.route, params: found.params, query }
}

/**
 * Reads method and address of requests. What came of a well-formed GET is remembered under the very text that was sent: it depends on
 * nothing else, and programs read the same references over and over.
 */
export const newTargetReader = (find: (method: string, path: string) => Found): TargetReader => {
  const known = new Map<string, Target>()
  const kept: Method = 'GET'
  return (method, url) => {
    const before = method === kept ? known.get(url) : undefined
    if (before !== undefined) return before
    const target = readTarget(find, method, url)
    if (target.ok && method === kept) {
      if (known.size >= MAX_KNOWN) known.clear()
      known.set(url, target)
    }
    return target
  }
}
