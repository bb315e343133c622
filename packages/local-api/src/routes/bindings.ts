import { newClaim, parseToken } from '@countersign/crypto/app-token'
import { toHex } from '@countersign/schema/hex'
import { type BindingCreated, bindingAskSchema } from '@countersign/schema/local-api'
import { MODES } from '@countersign/schema/mode'
import { type Api, modeOf } from '../api.ts'
import { plainRecord } from '../audit-gate.ts'
import { authenticate, bearerOf, refuseToken, sendRefusal } from '../authenticate.ts'
import type { Exchange } from '../exchange.ts'
import { readBody } from '../read-body.ts'
import { sendJson, sendProblem } from '../respond.ts'

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
  const program = `${seen.caller.user} ${seen.caller.executable ?? ''} ${hash === null ? '' : toHex(hash)} ${ask.application}`
  const retryAfterMs = api.storm.refuse(
    program,
    api.now(),
    (id) => session.source.binding(id)?.state === 'pending',
  )
  if (retryAfterMs !== null) {
    api.gate.deny('app.denied', 'binding.too_many')
    const message = `“${ask.application}” keeps asking for access; more of its requests are refused for now.`
    session.source.alert({ code: 'request.storm', binding: null, message })
    return sendRefusal(api, exchange, { ok: false, code: 'binding.too_many', retryAfterMs })
  }
  if (ask.lease.untilProcessEnds && seen.process === null) {
    const detail = 'A lease until the process ends needs a process that can be seen.'
    return sendRefusal(api, exchange, { ok: false, code: 'caller.unidentified', detail })
  }
  const caller = ask.tokenFor === 'any-program' ? { ...seen.caller, anyProgram: true as const } : seen.caller
  const asked = await session.source.requestBinding(ask, caller)
  const record = plainRecord(api.now(), 'binding.requested', asked.ok ? 'ok' : asked.code)
  record.application = ask.application
  record.caller = caller
  record.binding = asked.ok ? asked.id : null
  if (!asked.ok) {
    api.gate.append(record).catch(() => undefined)
    return sendRefusal(api, exchange, asked)
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
      }),
    ])
  } catch {
    return sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
  }
  const created: BindingCreated = {
    id: asked.id,
    claim: claim.token,
    code: asked.code,
    status: 'pending',
    expiresAt: asked.expiresAt,
    statusUrl: `${api.url}/v1/bindings/${asked.id}`,
    nextStep: `Have approvers compare the code ${asked.code}, then poll statusUrl?wait=30 with the claim as Authorization: Bearer.`,
  }
  sendJson(exchange.res, 202, created, modeOf(api), ['Location', `/v1/bindings/${asked.id}`])
}

/** `DELETE /v1/bindings/self`: with the token, or with the claim while the request waits. */
export const giveBack = async (api: Api, exchange: Exchange): Promise<undefined> => {
  const bearer = bearerOf(exchange)
  const form = bearer.ok ? parseToken(bearer.text) : undefined
  if (api.session !== null && form?.kind === 'claim') {
    const { session } = api
    const entry = session.book.byClaim(form.hash)
    if (entry === undefined || entry.record.used) {
      return sendRefusal(api, exchange, refuseToken(api, exchange, 'claim.wrong'))
    }
    return finishGivingBack(api, exchange, entry.record.binding)
  }
  const bound = await authenticate(api, exchange)
  if (!('session' in bound)) return sendRefusal(api, exchange, bound)
  return finishGivingBack(api, exchange, bound.snapshot.id)
}

const finishGivingBack = async (api: Api, exchange: Exchange, id: string): Promise<undefined> => {
  const { session } = api
  if (session === null) return sendRefusal(api, exchange, { ok: false, code: 'locked' })
  // The token dies here and now, whatever the ledger says of it later.
  await session.book.remove(id)
  const done = await session.source.giveBack(id)
  const record = plainRecord(api.now(), 'binding.given_back', done.ok ? 'ok' : done.code)
  record.binding = id
  try {
    await api.gate.append(record)
  } catch {
    return sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
  }
  api.hub.end({ type: 'revoked', binding: id, state: 'revoked' }, (each) => each === id)
  if (!done.ok) return sendRefusal(api, exchange, done)
  sendJson(exchange.res, 200, { id, status: 'given_back' }, modeOf(api))
}
