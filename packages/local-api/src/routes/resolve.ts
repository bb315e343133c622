import { type Resolved, resolveAskSchema } from '@countersign/schema/local-api'
import { parseReference } from '@countersign/schema/reference'
import { type Api, modeOf } from '../api.ts'
import { admit, authenticate, type Bound, requestUrlOf, sendRefusal } from '../authenticate.ts'
import type { Exchange } from '../exchange.ts'
import { readBody } from '../read-body.ts'
import {
  giveBackUses,
  goesOnUnrecorded,
  type Opened,
  openCredential,
  recordReads,
  refuseIfEnded,
  renderCredential,
} from '../read-credential.ts'
import { prepareAnswer, problemOf, sendPrepared, sendProblem } from '../respond.ts'
import type { Refusal } from '../source.ts'

type Row = Resolved['results'][number]

/** `POST /v1/resolve`: up to 100 references at once. Each is answered on its own; all records are durable before any value leaves. */
export const resolveReferences = async (api: Api, exchange: Exchange): Promise<undefined> => {
  const first = await authenticate(api, exchange)
  if (!('session' in first)) return sendRefusal(api, exchange, first)
  const read = await readBody(exchange.req, exchange.headers.contentType, resolveAskSchema)
  if (!read.ok) {
    const extras = read.errors === undefined ? {} : { errors: read.errors }
    return sendProblem(exchange.res, read, modeOf(api), extras)
  }
  // The body took as long as its sender liked, and its sender may be another program by now.
  const bound = await admit(api, exchange, first)
  if (!('session' in bound)) return sendRefusal(api, exchange, bound)
  const wanted = read.body.references
  const opened = await Promise.all(wanted.map((text) => openOne(api, bound, text)))
  const reads = opened.filter((each) => each.ok)
  const answer = { wanted, opened, reads }
  if (reads.length === 0) return void (await send(api, exchange, bound, answer, null))
  const recorded = recordReads(api, bound, reads, 'ok')
  if (!recorded.ok) return sendRefusal(api, exchange, recorded)
  let left = false
  try {
    const refused = await recorded.durable.then(
      () => null,
      (cause: unknown) => ({ cause }),
    )
    left = await send(api, exchange, bound, answer, refused)
  } finally {
    if (!left) giveBackUses(bound, recorded)
  }
}

interface Answer {
  readonly wanted: readonly string[]
  /** What came of each, in order. */
  readonly opened: readonly (Opened | Refusal)[]
  readonly reads: readonly Opened[]
}

/** Whether the values left. `refused`: the records of the reads were. */
const send = async (
  api: Api,
  exchange: Exchange,
  bound: Bound,
  { wanted, opened, reads }: Answer,
  refused: { readonly cause: unknown } | null,
): Promise<boolean> => {
  const refuse = (refusal: Refusal): false => {
    sendRefusal(api, exchange, refusal)
    return false
  }
  const ended = refuseIfEnded(api, bound, reads)
  if (ended !== null) return refuse(ended)
  if (refused !== null && !goesOnUnrecorded(api, bound, reads, refused.cause)) {
    return refuse({ ok: false, code: 'audit.failed' })
  }
  const results = wanted.map((reference, i): Row => {
    const each = opened[i] ?? ({ ok: false, code: 'internal' } as const)
    if (!each.ok) return { reference, ok: false, problem: problemFor(api, each) }
    api.metrics.read(refused === null ? 'ok' : 'unrecorded')
    return { reference, ok: true, credential: renderCredential(bound, each) }
  })
  const body: Resolved = { results }
  const prepared = await prepareAnswer(body, bound.seal)
  const late = refuseIfEnded(api, bound, reads)
  if (late !== null) return refuse(late)
  sendPrepared(exchange.res, prepared, modeOf(api))
  return true
}

const problemFor = (api: Api, refusal: Refusal) =>
  problemOf(refusal, modeOf(api), { requestUrl: requestUrlOf(api, refusal.code) })

const openOne = (api: Api, bound: Bound, text: string): Opened | Refusal | Promise<Opened | Refusal> => {
  const parsed = parseReference(text)
  if (!parsed.ok) return { ok: false, code: 'reference.malformed', detail: parsed.message }
  return openCredential(api, bound, parsed.reference)
}
