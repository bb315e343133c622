import { parseToken } from '@countersign/crypto/app-token'
import { idSchema } from '@countersign/schema/ids'
import type { BindingPoll, GrantedTerms } from '@countersign/schema/local-api'
import { type Api, modeOf, type OpenSession } from '../api.ts'
import { type Bound, sendRefusal } from '../authenticate.ts'
import { bearerOf, refuseToken } from '../bearer.ts'
import type { Exchange } from '../exchange.ts'
import { nextStepOf } from '../next-step.ts'
import { plainRecord } from '../plain-record.ts'
import { referenceOf } from '../read-credential.ts'
import { prepareAnswer, sendPrepared } from '../respond.ts'
import { proveSender } from '../sender/prove-sender.ts'
import type { BindingSnapshot, LocatedItem } from '../source.ts'

const MAX_WAIT_S = 60

const waitIn = (query: string): number | null => {
  if (query === '') return 0
  const seconds = /^wait=(\d{1,3})$/.exec(query)?.[1]
  return seconds === undefined || Number(seconds) > MAX_WAIT_S ? null : Number(seconds) * 1000
}

/** `GET /v1/bindings/{id}?wait=30` with the claim: the state now, or as soon as it is no longer open. */
export const pollBinding = async (api: Api, exchange: Exchange): Promise<undefined> => {
  const bearer = bearerOf(exchange)
  if (!bearer.ok) return sendRefusal(api, exchange, refuseToken(api, exchange, bearer.code))
  const form = parseToken(bearer.text)
  if (form === undefined) return sendRefusal(api, exchange, refuseToken(api, exchange, 'token.malformed'))
  const { session } = api
  if (session === null) {
    api.gate.deny('app.denied', 'locked')
    return sendRefusal(api, exchange, { ok: false, code: 'locked' })
  }
  const { id = '' } = exchange.params
  const entry = idSchema.safeParse(id).success ? session.book.entry(id) : undefined
  if (entry === undefined || form.kind !== 'claim' || !session.book.claimFits(entry, form.hash)) {
    return sendRefusal(api, exchange, refuseToken(api, exchange, 'claim.wrong'))
  }
  const proved = await proveSender(api, exchange, entry, bearer)
  if (!proved.ok) return sendRefusal(api, exchange, proved)
  // It may have been given back while the proof was checked.
  if (session.book.entry(id) !== entry) {
    return sendRefusal(api, exchange, refuseToken(api, exchange, 'claim.wrong'))
  }
  const { seal } = proved
  const waitMs = waitIn(exchange.query)
  if (waitMs === null) {
    const detail = `The only query here is wait=SECONDS, at most ${MAX_WAIT_S}.`
    return sendRefusal(api, exchange, { ok: false, code: 'query.invalid', detail })
  }
  if (waitMs > 0 && isOpen(session.source.binding(id))) {
    if (!api.polls.begin(id)) return sendRefusal(api, exchange, { ok: false, code: 'overloaded' })
    try {
      await untilSettled(session, id, waitMs, exchange)
    } finally {
      api.polls.end(id)
    }
  }
  if (exchange.res.destroyed) return
  if (api.session !== session) return sendRefusal(api, exchange, { ok: false, code: 'locked' })
  const snapshot = session.source.binding(id)
  if (snapshot === undefined) return sendRefusal(api, exchange, { ok: false, code: 'binding.unknown' })
  return snapshot.state === 'granted' && api.now() < snapshot.expiresAt
    ? handOver(api, exchange, session, { entry, snapshot, seal })
    : sendPrepared(exchange.res, await prepareAnswer(describe(session, snapshot), seal), modeOf(api))
}

const isOpen = (snapshot: BindingSnapshot | undefined): boolean =>
  snapshot?.state === 'pending' || snapshot?.state === 'awaiting_release'

/** Until the request is decided, the time is up, or the client is gone. */
const untilSettled = (session: OpenSession, id: string, waitMs: number, exchange: Exchange): Promise<void> =>
  new Promise((resolve) => {
    const done = (): undefined => {
      clearTimeout(timer)
      stop()
      session.ended.removeEventListener('abort', done)
      exchange.res.removeListener('close', done)
      resolve()
    }
    const timer = setTimeout(done, waitMs)
    const stop = session.source.onEvent((event) => {
      if (event.type === 'binding' && event.id === id && !isOpen(session.source.binding(id))) done()
    })
    session.ended.addEventListener('abort', done)
    exchange.res.once('close', done)
  })

/** The token, once per exchange of the claim (P22). On record before it leaves. */
const handOver = async (
  api: Api,
  exchange: Exchange,
  session: OpenSession,
  { entry, snapshot, seal }: Pick<Bound, 'entry' | 'snapshot' | 'seal'>,
): Promise<undefined> => {
  const until = snapshot.terms.lease.untilLock ? session.name : null
  // The disk that has to remember the token is the one that keeps the audit.
  const issued = await session.book.exchange(entry, until).catch(() => null)
  if (issued === null) return sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
  const record = plainRecord(
    api.now(),
    issued.ok ? 'binding.token_issued' : 'claim.reused',
    issued.ok ? 'ok' : issued.code,
  )
  record.binding = snapshot.id
  record.environment = snapshot.terms.environment
  record.application = snapshot.application
  try {
    await api.gate.append(record)
  } catch {
    return sendRefusal(api, exchange, { ok: false, code: 'audit.failed' })
  }
  if (!issued.ok) {
    const message = `The claim of “${snapshot.application}” was shown again after its token had been used.`
    session.source.alert({ code: 'claim.used', binding: snapshot.id, message })
    return sendRefusal(api, exchange, issued)
  }
  const body: BindingPoll = { ...describe(session, snapshot), token: issued.token }
  const answer = await prepareAnswer(body, seal)
  if (api.session !== session) return sendRefusal(api, exchange, { ok: false, code: 'locked' })
  if (session.source.binding(snapshot.id)?.state !== 'granted') {
    return sendRefusal(api, exchange, { ok: false, code: 'binding.revoked' })
  }
  sendPrepared(exchange.res, answer, modeOf(api))
}

const termsOf = (session: OpenSession, snapshot: BindingSnapshot): GrantedTerms => {
  const { environment, items, models, mode, lease } = snapshot.terms
  const located: LocatedItem[] = []
  for (const id of items) {
    const item = session.source.item(environment, id)
    if (item !== undefined) located.push(item)
  }
  return {
    vault: located[0]?.vaultName ?? null,
    environment: located[0]?.environmentName ?? null,
    items: located.map(referenceOf),
    models: [...models],
    mode,
    narrowed: snapshot.narrowed,
    lease: { ...lease },
  }
}

const describe = (session: OpenSession, snapshot: BindingSnapshot): BindingPoll => ({
  id: snapshot.id,
  state: snapshot.state,
  code: snapshot.code,
  by: snapshot.decisions.map(({ decision, by, at, reason }) => ({ decision, by, at, reason })),
  missingApprovals: snapshot.missing,
  terms: termsOf(session, snapshot),
  expiresAt: snapshot.expiresAt,
  nextStep: nextStepOf(snapshot),
})
