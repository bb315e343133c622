import { newClaim, parseToken } from '@countersign/crypto/app-token'
import { newAnswerKey, publicAnswerKey } from '@countersign/crypto/sealed-answer'
import { toHex } from '@countersign/schema/hex'
import { type BindingAsk, type BindingCreated, bindingAskSchema } from '@countersign/schema/local-api'
import { MODES } from '@countersign/schema/mode'
import { type Api, modeOf, type OpenSession } from '../api.ts'
import { authenticate, sendRefusal } from '../authenticate.ts'
import { bearerOf, refuseToken } from '../bearer.ts'
import type { SeenCaller } from '../caller/caller-finder.ts'
import type { Exchange } from '../exchange.ts'
import { plainRecord } from '../plain-record.ts'
import { readBody } from '../read-body.ts'
import { referenceOf } from '../read-credential.ts'
import type { AskingProgram } from '../request-storm.ts'
import { prepareAnswer, sendJson, sendPrepared, sendProblem } from '../respond.ts'
import { areUsable, proveSender, type Seal } from '../sender/prove-sender.ts'
import type { Refusal } from '../source.ts'

const UNATTENDED =
  'Nothing is served while Countersign is locked: a program that runs unattended belongs on a headless agent.'

/** `POST /v1/bindings`: needs no token; people decide. The claim in the answer is what fetches the token later. */
export const askToBind = async (api: Api, exchange: Exchange): Promise<undefined> => {
  const { session } = api
  if (session === null) {
    const code = api.source.health().phase === 'empty' ? 'empty' : 'locked'
    api.gate.deny('app.denied', code)
    return sendRefusal(api, exchange, { ok: false, code })
  }
  const read = await readBody(exchange.req, exchange.headers.contentType, bindingAskSchema)
  if (!read.ok) {
    const extras = read.errors === undefined ? {} : { errors: read.errors }
    return sendProblem(exchange.res, read, modeOf(api), extras)
  }
  const ask = read.body
  const mode = modeOf(api)
  if (!MODES[mode].bind) {
    return sendRefusal(api, exchange, {
      ok: false,
      code: 'mode.refused',
      detail: `${mode}: ${MODES[mode].cause}.`,
    })
  }
  const seen = await api.finder.describe(exchange.connection.socket)
  const hash = seen.caller.executableHash
  const program = {
    seen: `${seen.caller.user} ${seen.caller.executable ?? ''} ${hash === null ? '' : toHex(hash)}`,
    name: ask.application,
  }
  const isWaiting = (id: string): boolean => session.source.binding(id)?.state === 'pending'
  // Another process may well ask for the same; a process that cannot be seen cannot be told from another.
  const alike =
    seen.process === null ? null : `${seen.process.pid} ${seen.process.startTime} ${JSON.stringify(ask)}`
  if (alike !== null && !api.storm.begin(alike, isWaiting)) {
    api.gate.deny('app.denied', 'binding.already_asked')
    return sendRefusal(api, exchange, { ok: false, code: 'binding.already_asked' })
  }
  let made: string | null = null
  try {
    made = await makeRequest(api, exchange, session, { ask, seen, program, isWaiting })
  } finally {
    if (alike !== null) api.storm.end(alike, made)
  }
}

interface Asking {
  readonly ask: BindingAsk
  readonly seen: SeenCaller
  readonly program: AskingProgram
  readonly isWaiting: (binding: string) => boolean
}

/** Answers; resolves with the request that was made, null if none was. */
const makeRequest = async (
  api: Api,
  exchange: Exchange,
  session: OpenSession,
  { ask, seen, program, isWaiting }: Asking,
): Promise<string | null> => {
  const refuse = (refusal: Refusal): null => {
    sendRefusal(api, exchange, refusal)
    return null
  }
  const retryAfterMs = api.storm.refuse(program, api.now(), isWaiting)
  if (retryAfterMs !== null) {
    api.gate.deny('app.denied', 'binding.too_many')
    const message = `“${ask.application}” keeps asking for access; more of its requests are refused for now.`
    session.source.alert({ code: 'request.storm', binding: null, message })
    return refuse({ ok: false, code: 'binding.too_many', retryAfterMs })
  }
  if (ask.lease.untilProcessEnds && seen.process === null) {
    const detail = 'A lease until the process ends needs a process that can be seen.'
    return refuse({ ok: false, code: 'caller.unidentified', detail })
  }
  const sender = ask.senderKeys === undefined ? null : { ...ask.senderKeys, answer: await newAnswerKey() }
  if (sender !== null && !(await areUsable(sender))) {
    const detail = 'A key of senderKeys is no point of its curve, or nothing can be sealed to it.'
    return refuse({ ok: false, code: 'body.invalid', detail })
  }
  const caller = ask.tokenFor === 'any-program' ? { ...seen.caller, anyProgram: true as const } : seen.caller
  const asked = await session.source.requestBinding(ask, caller)
  const record = plainRecord(api.now(), 'binding.requested', asked.ok ? 'ok' : asked.code)
  record.application = ask.application
  record.caller = caller
  record.binding = asked.ok ? asked.id : null
  if (!asked.ok) {
    api.gate.append(record).catch(() => undefined)
    return refuse(asked)
  }
  const claim = newClaim()
  api.storm.waits(asked.id, program)
  try {
    await Promise.all([
      api.gate.append(record),
      session.book.addClaim({
        binding: asked.id,
        claimHash: claim.hash,
        tokenHash: null,
        used: false,
        uses: 0,
        process: ask.lease.untilProcessEnds ? seen.process : null,
        session: null,
        sender,
      }),
    ])
  } catch {
    sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
    return asked.id
  }
  const created: BindingCreated = {
    id: asked.id,
    claim: claim.token,
    code: asked.code,
    status: 'pending',
    expiresAt: asked.expiresAt,
    items: asked.items.map(referenceOf),
    ...(sender === null ? {} : { answerKey: publicAnswerKey(sender.answer) }),
    statusUrl: `${api.url}/v1/bindings/${asked.id}`,
    nextStep:
      `Have approvers compare the code ${asked.code}, then poll statusUrl?wait=30 with the claim as Authorization: ` +
      `${sender === null ? 'Bearer' : 'DPoP, with a proof'}. ${UNATTENDED}`,
  }
  sendJson(exchange.res, 202, created, modeOf(api), ['Location', `/v1/bindings/${asked.id}`])
  return asked.id
}

/** `DELETE /v1/bindings/self`: with the token, or with the claim while the request waits. */
export const giveBack = async (api: Api, exchange: Exchange): Promise<undefined> => {
  const bearer = bearerOf(exchange)
  const form = bearer.ok ? parseToken(bearer.text) : undefined
  if (api.session !== null && form?.kind === 'claim') {
    const { session } = api
    const entry = session.book.byClaim(form.hash)
    if (entry === undefined || entry.record.used || !bearer.ok) {
      return sendRefusal(api, exchange, refuseToken(api, exchange, 'claim.wrong'))
    }
    const proved = await proveSender(api, exchange, entry, bearer)
    if (!proved.ok) return sendRefusal(api, exchange, proved)
    if (session.book.byClaim(form.hash) !== entry || entry.record.used) {
      return sendRefusal(api, exchange, refuseToken(api, exchange, 'claim.wrong'))
    }
    return finishGivingBack(api, exchange, entry.record.binding, proved.seal)
  }
  const bound = await authenticate(api, exchange)
  if (!('session' in bound)) return sendRefusal(api, exchange, bound)
  return finishGivingBack(api, exchange, bound.snapshot.id, bound.seal)
}

const finishGivingBack = async (
  api: Api,
  exchange: Exchange,
  id: string,
  seal: Seal | null,
): Promise<undefined> => {
  const { session } = api
  if (session === null) return sendRefusal(api, exchange, { ok: false, code: 'locked' })
  // The token dies here and now, whatever the ledger says of it later.
  const forgotten = await session.book.remove(id).then(
    () => true,
    () => false,
  )
  const done = await session.source.giveBack(id)
  const record = plainRecord(api.now(), 'binding.given_back', done.ok ? 'ok' : done.code)
  record.binding = id
  try {
    await api.gate.append(record)
  } catch {
    return sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
  }
  // In memory it is dead and the grant is ended; the disk still has it.
  if (!forgotten) return sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
  api.hub.end({ type: 'revoked', binding: id, state: 'revoked' }, (each) => each === id)
  if (!done.ok) return sendRefusal(api, exchange, done)
  const answer = await prepareAnswer({ id, status: 'given_back' }, seal)
  sendPrepared(exchange.res, answer, modeOf(api))
}
