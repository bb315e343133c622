import { type Resolved, resolveAskSchema } from '@countersign/schema/local-api'
import { parseReference } from '@countersign/schema/reference'
import { type Api, modeOf } from '../api.ts'
import { admitAgain, authenticate, type Bound, requestUrlOf, sendRefusal } from '../authenticate.ts'
import type { Exchange } from '../exchange.ts'
import { readBody } from '../read-body.ts'
import {
  goesOnUnrecorded,
  type Opened,
  openCredential,
  recordRead,
  refuseIfEnded,
  refuseUses,
  renderCredential,
} from '../read-credential.ts'
import { prepareAnswer, problemOf, sendPrepared, sendProblem } from '../respond.ts'
import type { Refusal } from '../source.ts'

type Row = Resolved['results'][number]

/** `POST /v1/resolve`: up to 100 references at once. Each is answered on its own; all records are durable before any value leaves. */
export const resolveReferences = async (api: Api, exchange: Exchange): Promise<undefined> => {
  const admitted = await authenticate(api, exchange)
  if (!('session' in admitted)) return sendRefusal(api, exchange, admitted)
  const read = await readBody(exchange.req, exchange.headers.contentType, resolveAskSchema)
  if (!read.ok) {
    const extras = read.errors === undefined ? {} : { errors: read.errors }
    return sendProblem(exchange.res, read, modeOf(api), extras)
  }
  // A body takes as long as its sender likes.
  const bound = await admitAgain(api, exchange, admitted)
  if (!('session' in bound)) return sendRefusal(api, exchange, bound)
  const wanted = read.body.references
  const few = refuseUses(api, bound, wanted.length)
  if (few !== null) return sendRefusal(api, exchange, few)
  const opened = await Promise.all(wanted.map((text) => openOne(api, bound, text)))
  const reads = opened.filter((each) => each.ok)
  const over = refuseIfEnded(api, bound) ?? refuseUses(api, bound, reads.length)
  if (over !== null) return sendRefusal(api, exchange, over)
  const refused = await Promise.all(reads.map((each) => recordRead(api, bound, each, 'ok'))).then(
    () => null,
    (cause: unknown) => ({ cause }),
  )
  const ended = refuseIfEnded(api, bound)
  if (ended !== null) return sendRefusal(api, exchange, ended)
  if (refused !== null && !goesOnUnrecorded(api, bound, reads, refused.cause)) {
    return sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
  }
  const results = wanted.map((reference, i): Row => {
    const each = opened[i] ?? ({ ok: false, code: 'internal' } as const)
    if (!each.ok) return { reference, ok: false, problem: problemFor(api, each) }
    api.metrics.read(refused === null ? 'ok' : 'unrecorded')
    return { reference, ok: true, credential: renderCredential(bound, each) }
  })
  const body: Resolved = { results }
  const answer = await prepareAnswer(body, bound.seal)
  const late = refuseIfEnded(api, bound)
  return late === null ? sendPrepared(exchange.res, answer, modeOf(api)) : sendRefusal(api, exchange, late)
}

const problemFor = (api: Api, refusal: Refusal) =>
  problemOf(refusal, modeOf(api), { requestUrl: requestUrlOf(api, refusal.code) })

const openOne = (api: Api, bound: Bound, text: string): Opened | Refusal | Promise<Opened | Refusal> => {
  const parsed = parseReference(text)
  if (!parsed.ok) return { ok: false, code: 'reference.malformed', detail: parsed.message }
  return openCredential(api, bound, parsed.reference)
}
