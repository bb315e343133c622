import type { ProblemCode } from '@countersign/schema/problem'

/** The headers this API looks at, from one pass over the raw list. */
export interface RequestHeaders {
  readonly host: string | undefined
  readonly authorization: string | undefined
  readonly contentType: string | undefined
  readonly ifNoneMatch: string | undefined
  /** The proof of a sender-constrained binding (RFC 9449). */
  readonly dpop: string | undefined
  /** Any header that only a browser's page sends. */
  readonly fromPage: boolean
  /** A body follows, or its length is not to be told. */
  readonly hasBody: boolean
}

export type ReadHeaders =
  | { ok: true; headers: RequestHeaders }
  | { ok: false; code: ProblemCode; detail: string }

/**
 * Reads the raw header list, so that a header sent twice is refused rather than the second dropped in silence.
 * `Sec-Fetch-Mode` alone is not a page: Node's own fetch sends it (P23).
 */
export const readHeaders = (raw: readonly string[]): ReadHeaders => {
  let host: string | undefined
  let authorization: string | undefined
  let contentType: string | undefined
  let ifNoneMatch: string | undefined
  let dpop: string | undefined
  let fromPage = false
  let hasBody = false
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const value = raw[i + 1] ?? ''
    switch (name.length) {
      case 4:
        switch (name.toLowerCase()) {
          case 'host':
            if (host !== undefined) return twice('Host')
            host = value
            break
          case 'dpop':
            if (dpop !== undefined) return twice('DPoP')
            dpop = value
            break
        }
        break
      case 6:
        if (name.toLowerCase() === 'origin') fromPage = true
        break
      case 12:
        if (name.toLowerCase() !== 'content-type') break
        if (contentType !== undefined) return twice('Content-Type')
        contentType = value
        break
      case 13:
        switch (name.toLowerCase()) {
          case 'authorization':
            if (authorization !== undefined) return twice('Authorization')
            authorization = value
            break
          case 'if-none-match':
            if (ifNoneMatch !== undefined) return twice('If-None-Match')
            ifNoneMatch = value
            break
        }
        break
      case 14:
        switch (name.toLowerCase()) {
          case 'sec-fetch-site':
          case 'sec-fetch-dest':
          case 'sec-fetch-user':
            fromPage = true
            break
          case 'content-length':
            hasBody ||= Number(value) !== 0
        }
        break
      case 17:
        if (name.toLowerCase() === 'transfer-encoding') hasBody = true
        break
    }
  }
  return { ok: true, headers: { host, authorization, contentType, ifNoneMatch, dpop, fromPage, hasBody } }
}

const twice = (name: string): ReadHeaders => ({
  ok: false,
  code: 'header.refused',
  detail: `${name} was sent twice`,
})
