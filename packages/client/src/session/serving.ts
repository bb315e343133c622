import { accessOf, activeMembers } from '@countersign/ledger/projection-lookup'
import type { Mode } from '@countersign/schema/mode'
import { INITIAL_POLICY } from '@countersign/schema/policy'
import { type Freshness, freshness } from '../replica/freshness.ts'
import type { UnlockedSession } from './unlocked-session.ts'

/** Codes with which a server that is there takes no writes. */
const NO_WRITES = new Set(['store.full', 'store.failed'])

/**
 * Nobody can have witnessed before there was anybody else: until the first statement the limit runs from when this member and the
 * first of the others were both in the team.
 */
const couldWitnessSince = (
  session: UnlockedSession,
  others: readonly { member: string }[],
): number | null => {
  const joined = others.flatMap(({ member }) => session.joinedAt(member) ?? [])
  const mine = session.joinedAt(session.member)
  return mine === undefined || joined.length === 0 ? null : Math.max(mine, Math.min(...joined))
}

/** How fresh what is known of an environment is, under its policy (P17); people are named by name. */
export const freshnessOf = (session: UnlockedSession, environment: string): Freshness => {
  const { ledger, member } = session
  const { lastServerContact, lastWitness } = session.device.replica.status()
  const others = activeMembers(ledger.projection).filter((each) => each.member !== member)
  return freshness({
    now: session.now(),
    lastServerContact,
    lastWitness: lastWitness?.time ?? couldWitnessSince(session, others),
    policy: ledger.policies.get(environment)?.policy ?? INITIAL_POLICY,
    others: others.map((each) => ledger.names.members.get(each.member) ?? each.member),
  })
}

/** The earliest moment at which serving stops in any environment this member may use; null where none has a limit running. */
export const servesUntil = (session: UnlockedSession): number | null => {
  let earliest: number | null = null
  for (const environment of session.ledger.projection.environments.keys()) {
    const { level } = accessOf(session.ledger.projection, environment, session.member)
    if (level !== 'hold' && level !== 'request') continue
    const fresh = freshnessOf(session, environment)
    const until = fresh.state === 'fresh' ? fresh.until : (fresh.since ?? 0)
    earliest = earliest === null ? until : Math.min(earliest, until)
  }
  return earliest
}

/**
 * The server turns this device away: it or its member was removed. A server that lies about it only takes away what it could withhold
 * anyway, so this ends serving at once instead of at the end of the signed limit.
 */
export const turnedAway = (session: UnlockedSession): boolean => {
  const { connection, problem } = session.device.replica.status()
  return connection === 'refused' && problem?.code === 'login.refused'
}

/** The mode of an unlocked installation (docs/modes.md): the worst over the environments this member may use. */
export const modeOf = (session: UnlockedSession): Mode => {
  const { connection, problem, alarm } = session.device.replica.status()
  if (alarm !== null || connection === 'alarm') return 'lease-only'
  if (turnedAway(session) || !session.active) return 'lease-only'
  const until = servesUntil(session)
  if (until !== null && session.now() > until) return 'lease-only'
  if (problem !== null && NO_WRITES.has(problem.code)) return 'read-only'
  return connection === 'live' ? 'normal' : 'cached'
}
