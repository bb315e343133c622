import type { BindingState } from '@countersign/schema/local-api'
import type { ProblemCode } from '@countersign/schema/problem'
import type { BindingSnapshot, TokenRecord } from './source.ts'

const NOT_GRANTED: Readonly<Record<Exclude<BindingState, 'granted'>, ProblemCode>> = {
  pending: 'binding.not_granted',
  awaiting_release: 'binding.not_granted',
  denied: 'binding.revoked',
  cancelled: 'binding.revoked',
  expired: 'lease.expired',
  revoked: 'binding.revoked',
  grant_expired: 'lease.expired',
}

/** Whether a token may be used now: the binding stands and its lease runs. `session` names this unlocked session. */
export const refuseLease = (
  snapshot: BindingSnapshot,
  record: TokenRecord,
  now: number,
  session: string,
  isAlive: (process: NonNullable<TokenRecord['process']>) => boolean,
): ProblemCode | null => {
  if (snapshot.state !== 'granted') return NOT_GRANTED[snapshot.state]
  if (now >= snapshot.expiresAt) return 'lease.expired'
  const { lease } = snapshot.terms
  if (lease.uses !== null && record.uses >= lease.uses) return 'lease.used_up'
  if (lease.untilLock && record.session !== session) return 'lease.ended_by_lock'
  if (lease.untilProcessEnds && (record.process === null || !isAlive(record.process))) {
    return 'lease.process_ended'
  }
  return null
}

export const usesLeft = (snapshot: BindingSnapshot, record: TokenRecord): number | null =>
  snapshot.terms.lease.uses === null ? null : Math.max(0, snapshot.terms.lease.uses - record.uses)
