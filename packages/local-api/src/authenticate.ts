import { hashOfToken, parseToken } from '@countersign/crypto/app-token'
import { equalBytes } from '@countersign/crypto/hash'
import type { ProblemCode } from '@countersign/schema/problem'
import { type Api, modeOf, type OpenSession } from './api.ts'
import { bearerOf, refuseToken } from './bearer.ts'
import type { SeenExecutable } from './caller/caller-finder.ts'
import type { Exchange } from './exchange.ts'
import { refuseLease } from './lease.ts'
import { plainRecord } from './plain-record.ts'
import { sendProblem } from './respond.ts'
import { proveSender, type Seal } from './sender/prove-sender.ts'
import type { BindingSnapshot, Refusal } from './source.ts'
import type { TokenEntry } from './token-book.ts'

/** A token that was shown, and proven where its binding wants that. */
interface Shown {
  readonly session: OpenSession
  readonly entry: TokenEntry
  /** Hash of the token, the entry's own object: whether it works still is asked again after every wait. */
  readonly token: Uint8Array
  /** Of a sender-constrained binding: answers go out sealed. */
  readonly seal: Seal | null
}

/** A program that showed a valid token of a standing binding, and is the program it was approved for. */
export interface Bound extends Shown {
  readonly snapshot: BindingSnapshot
}

/** While locked no token can be checked: its form decides between 401 and 423 (P13). */
const refuseLocked = (api: Api, exchange: Exchange, text: string): Refusal => {
  if (parseToken(text) === undefined) return refuseToken(api, exchange, 'token.malformed')
  const code = api.source.health().phase === 'empty' ? 'empty' : 'locked'
  api.gate.deny('app.denied', code)
  api.metrics.denied(code)
  return { ok: false, code }
}

/** Token → its program's key → binding → lease → caller. Answers at once unless a proof or the executable has to be looked at. */
export const authenticate = (api: Api, exchange: Exchange): Bound | Refusal | Promise<Bound | Refusal> => {
  const bearer = bearerOf(exchange)
  if (!bearer.ok) return refuseToken(api, exchange, bearer.code)
  const { session } = api
  if (session === null) return refuseLocked(api, exchange, bearer.text)
  const entry = session.book.byToken(hashOfToken(bearer.text))
  const token = entry?.token ?? null
  if (entry === undefined || token === null) {
    const form = parseToken(bearer.text)
    if (form === undefined) return refuseToken(api, exchange, 'token.malformed')
    if (form.kind === 'claim') {
      return refuseToken(api, exchange, 'token.malformed', 'That is a claim: it fetches the token, once.')
    }
    return refuseToken(api, exchange, 'token.unknown')
  }
  if (entry.record.sender === null && !bearer.proven) {
    return admit(api, exchange, { session, entry, token, seal: null })
  }
  return proveSender(api, exchange, entry, bearer).then((proved) =>
    proved.ok ? admit(api, exchange, { session, entry, token, seal: proved.seal }) : proved,
  )
}

/**
 * Binding → lease → caller, for a token that was shown. To be asked once more where a route waited for its caller: what held before
 * need not hold any more.
 */
export const admit = (
  api: Api,
  exchange: Exchange,
  shown: Shown,
): Bound | Refusal | Promise<Bound | Refusal> => {
  const bound = standing(api, exchange, shown)
  if ('ok' in bound) return bound
  const pinned = pinnedBy(bound.snapshot)
  if (pinned === null) return bound
  const known = exchange.connection.knownExecutable(api.now())
  if (known !== undefined) return checkCaller(api, bound, pinned, known)
  return exchange.connection.executable(api.now()).then((seen) => {
    const still = standing(api, exchange, shown)
    return 'ok' in still ? still : checkCaller(api, still, pinned, seen)
  })
}

const pinnedBy = ({ caller }: BindingSnapshot): Uint8Array | null =>
  caller.anyProgram === true ? null : caller.executableHash

/** All that can be told in this turn: session, token, binding and lease. */
const standing = (api: Api, exchange: Exchange, shown: Shown): Bound | Refusal => {
  const { session, entry, token, seal } = shown
  if (api.session !== session) return { ok: false, code: 'locked' }
  const snapshot = session.source.binding(entry.record.binding)
  if (snapshot === undefined || !session.book.works(entry, token)) {
    return refuseToken(api, exchange, 'token.unknown')
  }
  const code = refuseLease(snapshot, entry.record, api.now(), session.name, api.finder.isAlive)
  return code === null ? { session, entry, token, seal, snapshot } : denied(api, snapshot, code)
}

/** The program must be the one whose executable approvers were shown: same file contents, whatever its path. */
const checkCaller = (
  api: Api,
  bound: Bound,
  pinned: Uint8Array,
  seen: SeenExecutable | null,
): Bound | Refusal => {
  if (seen === null) return denied(api, bound.snapshot, 'caller.unidentified')
  if (equalBytes(seen.hash, pinned)) return bound
  const message = `A token of “${bound.snapshot.application}” was used by ${seen.path}, which is not the program it was approved for.`
  bound.session.source.alert({ code: 'caller.changed', binding: bound.snapshot.id, message })
  return denied(api, bound.snapshot, 'caller.changed', `Seen: ${seen.path}`)
}

/** Refuses a bound program; on record at once, by name. */
export const denied = (api: Api, snapshot: BindingSnapshot, code: ProblemCode, detail?: string): Refusal => {
  api.metrics.denied(code)
  const record = plainRecord(api.now(), 'credential.denied', code)
  record.binding = snapshot.id
  record.application = snapshot.application
  record.environment = snapshot.terms.environment
  record.detail = (detail ?? '').slice(0, 500)
  // A denial hands nothing out, so it need not wait; a failing disk stops every read.
  api.gate.append(record).catch(() => undefined)
  return { ok: false, code, ...(detail === undefined ? {} : { detail }) }
}

/** Where a program may ask for what it lacks. */
export const requestUrlOf = (api: Api, code: ProblemCode): string | undefined =>
  /^(?:scope|lease|binding|caller|mode\.broker|token)/.test(code) ? `${api.url}/v1/bindings` : undefined

export const sendRefusal = (api: Api, exchange: Exchange, refusal: Refusal): undefined =>
  sendProblem(exchange.res, refusal, modeOf(api), {
    requestUrl: requestUrlOf(api, refusal.code),
    ...(refusal.code.startsWith('proof.') ? { proofNonce: api.nonces.current() } : {}),
  })
