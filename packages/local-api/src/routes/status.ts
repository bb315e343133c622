import type { Health } from '@countersign/schema/local-api'
import { MODES } from '@countersign/schema/mode'
import { type Api, modeOf } from '../api.ts'
import { sendRefusal } from '../authenticate.ts'
import type { Exchange } from '../exchange.ts'
import { send, sendJson } from '../respond.ts'

/** `GET /livez`: the process answers. */
export const live = (api: Api, exchange: Exchange): undefined =>
  sendJson(exchange.res, 200, { status: 'alive' }, modeOf(api))

/** `GET /readyz`: reads are served. */
export const ready = (api: Api, exchange: Exchange): undefined => {
  const mode = modeOf(api)
  if (MODES[mode].read) return sendJson(exchange.res, 200, { status: 'ready', mode }, mode)
  const code =
    mode === 'locked' ? (api.source.health().phase === 'empty' ? 'empty' : 'locked') : 'mode.refused'
  sendRefusal(api, exchange, { ok: false, code })
}

/** `GET /health`: mode and freshness; never a name or a value. */
export const health = (api: Api, exchange: Exchange): undefined => {
  const mode = modeOf(api)
  const seen = api.source.health()
  const { since, reads } = api.gate.unrecorded
  const body: Health = {
    status: mode === 'normal' ? 'ok' : mode === 'locked' ? 'locked' : 'degraded',
    mode,
    serves: { ...MODES[mode] },
    phase: seen.phase,
    tryOut: seen.tryOut,
    server: { connection: seen.connection, lastContact: seen.lastServerContact },
    lastWitness: seen.lastWitness,
    servesUntil: seen.servesUntil,
    pendingChanges: seen.pendingChanges,
    unrecordedReads: since === null ? null : { since, reads },
    portMoved: api.portMoved,
    startedAt: api.startedAt,
  }
  sendJson(exchange.res, 200, body, mode)
}

/** `GET /metrics`: Prometheus text. */
export const metrics = async (api: Api, exchange: Exchange): Promise<undefined> =>
  send(exchange.res, 200, api.metrics.contentType, await api.metrics.text(), modeOf(api))
