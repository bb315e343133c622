import type { Assertion } from '@countersign/crypto/assertion'
import type { KeyPair } from '@countersign/crypto/key-pair'
import { sign } from '@countersign/crypto/sign'
import { webauthnChallenge } from '@countersign/crypto/webauthn-challenge'
import { type CborValue, decodeCanonical, encodeCanonical } from '@countersign/schema/canonical'
import type { SignedWrap } from '@countersign/schema/wire'
import {
  WRAP_CONTENT_TYPE,
  WRAP_FETCH_PATH,
  WRAP_OPTIONS_PATH,
  type WrapFetchRequest,
  type WrapOptions,
  wrapFetchedSchema,
  wrapOptionsSchema,
  wrapProblemSchema,
} from '@countersign/schema/wrap-http'
import type { ZodType } from 'zod'
import { ClientError } from '../client-error.ts'
import { ownWords } from './server-words.ts'

const TIMEOUT_MS = 15_000
const MAX_ANSWER_BYTES = 512 * 1024

export interface WrapPlace {
  readonly url: string
  /** The server's id as it is known; null where only its address is (a recovery sheet): then it is in the answer, to be pinned. */
  readonly server: Uint8Array | null
  readonly team: string
  readonly member: string
}

export type WrapResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: string; readonly message: string }

const refuse = (code: string, message: string): WrapResult<never> => ({ ok: false, code, message })

const readAnswer = async (response: Response): Promise<Uint8Array | null> => {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_ANSWER_BYTES) return null
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

const decode = <T>(schema: ZodType<T>, bytes: Uint8Array | null): T | undefined => {
  if (bytes === null) return undefined
  try {
    return schema.parse(decodeCanonical(bytes))
  } catch {
    return undefined
  }
}

const malformed = (): WrapResult<never> =>
  refuse('server.malformed', 'The server answered something that this version does not know.')

const addressOf = (url: string, path: string): URL => {
  const address = new URL(url)
  if (address.protocol !== 'http:' && address.protocol !== 'https:') {
    throw new ClientError('server.bad_address', 'the server address starts with https:// or http://')
  }
  address.pathname = address.pathname.replace(/\/$/, '') + path
  return address
}

const post = async <T>(
  url: string,
  path: string,
  body: CborValue,
  schema: ZodType<T>,
): Promise<WrapResult<T>> => {
  let response: Response
  let bytes: Uint8Array | null
  try {
    response = await fetch(addressOf(url, path), {
      method: 'POST',
      headers: { 'content-type': WRAP_CONTENT_TYPE },
      body: Uint8Array.from(encodeCanonical(body)),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    bytes = await readAnswer(response)
  } catch (cause) {
    if (cause instanceof ClientError) return refuse(cause.code, cause.message)
    return refuse('server.unreachable', 'The server could not be reached.')
  }
  if (response.status === 200) {
    const value = decode(schema, bytes)
    return value === undefined ? malformed() : { ok: true, value }
  }
  const problem = decode(wrapProblemSchema, bytes)
  if (problem === undefined) return malformed()
  const { code, message } = ownWords(problem.code)
  return refuse(code, message)
}

/** Asks which security keys can fetch a member's wrapped root, and for a nonce to prove having one (P10). */
export const wrapOptions = async (place: WrapPlace): Promise<WrapResult<WrapOptions>> => {
  const { team, member } = place
  const result = await post(place.url, WRAP_OPTIONS_PATH, { team, member }, wrapOptionsSchema)
  if (!result.ok || place.server === null || Buffer.compare(result.value.server, place.server) === 0)
    return result
  return refuse('server.changed', 'This address answers as another server than the one this team is on.')
}

/** What the security key signs: computed here from the nonce, never chosen by the server (P9). */
export const fetchWrapChallenge = (place: WrapPlace, { server, nonce }: WrapOptions): Uint8Array =>
  webauthnChallenge('fetch-wrap', { team: place.team, member: place.member, server, nonce })

const fetchWrap = async (
  place: WrapPlace,
  nonce: Uint8Array,
  proof: WrapFetchRequest['proof'],
): Promise<WrapResult<SignedWrap>> => {
  const { team, member } = place
  const request: WrapFetchRequest = { team, member, nonce, proof }
  const result = await post(place.url, WRAP_FETCH_PATH, request as CborValue, wrapFetchedSchema)
  if (!result.ok) return result
  const { wrap } = result.value
  if (wrap.record.team !== team || wrap.record.member !== member) return malformed()
  return { ok: true, value: wrap }
}

/**
 * The member's root as wrapped for the security key that made `assertion` over `fetchWrapChallenge`. The wrap's own AEAD and the
 * genesis hash inside decide whether it is the right one; its signature can be checked once the ledger is there.
 */
export const fetchWrapByKey = (
  place: WrapPlace,
  options: WrapOptions,
  assertion: Assertion,
): Promise<WrapResult<SignedWrap>> => fetchWrap(place, options.nonce, { type: 'assertion', assertion })

/** The member's root as wrapped for the recovery code; `locator` is `recoveryLocatorKey(code)`. */
export const fetchWrapByRecoveryCode = (
  place: WrapPlace,
  options: WrapOptions,
  locator: KeyPair,
): Promise<WrapResult<SignedWrap>> => {
  const { team, member } = place
  const { server, nonce } = options
  const statement = encodeCanonical({ team, member, server, nonce })
  return fetchWrap(place, nonce, {
    type: 'recovery',
    signature: sign(locator.secretKey, 'fetch-wrap', statement),
  })
}
