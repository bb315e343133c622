import { setTimeout as sleep } from 'node:timers/promises'
import type { HostileServer } from '../double/hostile-server.ts'
import type { Actor } from './actor.ts'
import { until } from './until.ts'

/** Turns of the event loop in which a client that was answered would have come to its conclusion. */
const TO_CONCLUDE_MS = 150

/**
 * Waits until somebody's client has sounded an alarm, or has asked the server for a stream once more and was answered: what it makes of
 * a statement about entries it lacks.
 */
export const askedAgain = async (server: HostileServer, actor: Actor, stream: string): Promise<void> => {
  const before = server.said(actor.device).length
  const asked = () =>
    server
      .said(actor.device)
      .slice(before)
      .some((message) => message.type === 'fetch' && message.stream === stream)
  await until(`${actor.name} asks again`, () => actor.alarm !== null || asked())
  await sleep(TO_CONCLUDE_MS)
}
