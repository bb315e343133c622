import { hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { domainLabel } from './domain.ts'
import { randomBytes } from './random.ts'

export type TokenKind = 'app' | 'claim'

/** A token as handed out once (`token`, a secret) and as kept (`hash`, 32 bytes). */
export interface IssuedToken {
  readonly token: string
  readonly hash: Uint8Array
}

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BODY_CHARACTERS = 43
const CHECK_CHARACTERS = 6
const TOKEN = /^cs_(app|claim)_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/

const base62 = (value: bigint, characters: number): string => {
  let text = ''
  for (let rest = value; text.length < characters; rest /= 62n)
    text = ALPHABET.charAt(Number(rest % 62n)) + text
  return text
}

const checkOf = (text: string): string => base62(BigInt(crc32(text)), CHECK_CHARACTERS)

const LABEL = `${new TextDecoder().decode(domainLabel('token'))}\0`

/** What is kept of a token: hashOf(`token`, its ASCII text), 32 bytes, in one call, as every request of a program pays for it. */
export const hashOfToken = (token: string): Uint8Array => {
  const digest = hash('sha256', LABEL + token, 'buffer')
  return new Uint8Array(digest.buffer, digest.byteOffset, digest.length)
}

const issue = (kind: TokenKind): IssuedToken => {
  const body = base62(BigInt(`0x${Buffer.from(randomBytes(32)).toString('hex')}`), BODY_CHARACTERS)
  const text = `cs_${kind}_${body}`
  const token = text + checkOf(text)
  return { token, hash: hashOfToken(token) }
}

/** An application's bearer token: `cs_app_` ‖ 43 base62 digits of 32 random bytes ‖ 6 base62 digits of CRC-32 (SPEC C17). */
export const newAppToken = (): IssuedToken => issue('app')

/** What a program polls its binding request with until it has its token; same form under `cs_claim_`. */
export const newClaim = (): IssuedToken => issue('claim')

/** Kind and hash of a well-formed token; undefined if form or checksum is wrong. Says nothing about validity. */
export const parseToken = (text: string): { kind: TokenKind; hash: Uint8Array } | undefined => {
  const [, kind, body, check] = TOKEN.exec(text) ?? []
  if (kind === undefined || body === undefined) return undefined
  if (checkOf(`cs_${kind}_${body}`) !== check) return undefined
  return { kind: kind === 'app' ? 'app' : 'claim', hash: hashOfToken(text) }
}
