import { LEDGER } from '@countersign/schema/ids'
import type { HostileServer } from '../double/hostile-server.ts'
import type { Actor } from './actor.ts'
import { until } from './until.ts'

/**
 * Questions and answers on somebody's own connection: what a client was about to do when this began, it has done afterwards, however
 * slow the machine is. Ends early at an alarm.
 */
export const roundTrips = async (actor: Actor, count: number): Promise<void> => {
  for (let i = 0; i < count && actor.alarm === null; i++) {
    const after = actor.replica.head(LEDGER)
    await actor.replica.request((ref) => ({ type: 'fetch', ref, stream: LEDGER, after, limit: 1 }))
  }
}

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
  await roundTrips(actor, 60)
}
