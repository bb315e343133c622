import type { ApiEvent } from '@countersign/schema/local-api'
import { type Api, modeOf, type OpenSession } from '../api.ts'
import { authenticate, sendRefusal } from '../authenticate.ts'
import type { Place } from '../event-hub.ts'
import type { Exchange } from '../exchange.ts'
import { plainRecord } from '../plain-record.ts'
import { referenceOf, refuseIfEnded } from '../read-credential.ts'
import { recordListing } from '../record-listing.ts'
import type { BindingSnapshot, SourceEvent } from '../source.ts'

/** `GET /v1/events`: what concerns this binding, as it happens. Begins with the present mode. */
export const streamEvents = async (api: Api, exchange: Exchange): Promise<undefined> => {
  const bound = await authenticate(api, exchange)
  if (!('session' in bound)) return sendRefusal(api, exchange, bound)
  const { snapshot } = bound
  // Taken before the wait: many that ask at once would all find the same room.
  const place = api.hub.take(snapshot.id)
  if (place === null) return sendRefusal(api, exchange, { ok: false, code: 'events.too_many' })
  try {
    const unrecorded = await recordListing(api, bound, 'events')
    const refused = unrecorded ?? refuseIfEnded(api, bound)
    if (refused !== null) return sendRefusal(api, exchange, refused)
    // Whoever left meanwhile would never be seen leaving.
    if (!exchange.res.destroyed) open(api, exchange, snapshot, place)
  } finally {
    place.leave()
  }
}

const open = (api: Api, { res }: Exchange, { expiresAt }: BindingSnapshot, place: Place): undefined => {
  const mode = modeOf(api)
  res.writeHead(200, [
    'Content-Type',
    'text/event-stream',
    'Cache-Control',
    'no-store',
    'X-Content-Type-Options',
    'nosniff',
    'Cross-Origin-Resource-Policy',
    'same-origin',
    'Countersign-Mode',
    mode,
  ])
  const first: ApiEvent = { type: 'mode', mode }
  res.write(`retry: 2000\n\nevent: mode\ndata: ${JSON.stringify(first)}\n\n`)
  place.open(res, expiresAt, api.now())
}

/** The mode is another one: on record, and to whoever listens. */
export const tellMode = (api: Api): void => {
  const mode = modeOf(api)
  api.gate.append(plainRecord(api.now(), 'mode.changed', mode)).catch(() => undefined)
  api.hub.send({ type: 'mode', mode }, () => true)
}

/** Turns what the session says into what programs hear. */
export const relayEvent = (api: Api, session: OpenSession, event: SourceEvent): undefined => {
  switch (event.type) {
    case 'mode': {
      tellMode(api)
      return
    }
    case 'rotated': {
      const item = session.source.item(event.environment, event.item)
      if (item === undefined) return
      const wants = (binding: string): boolean => {
        const snapshot = session.source.binding(binding)
        // What a binding that ended covered is none of its program's business any more.
        if (snapshot?.state !== 'granted' || api.now() >= snapshot.expiresAt) return false
        return snapshot.terms.environment === event.environment && snapshot.terms.items.includes(event.item)
      }
      api.hub.send({ type: 'rotated', reference: referenceOf(item), version: event.version }, wants)
      return
    }
    case 'binding': {
      const snapshot = session.source.binding(event.id)
      if (snapshot?.state === 'granted' || snapshot?.state === 'pending') return
      const state = snapshot?.state ?? 'revoked'
      api.hub.end({ type: 'revoked', binding: event.id, state }, (each) => each === event.id)
      return
    }
  }
}
