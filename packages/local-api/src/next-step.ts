import type { BindingSnapshot } from './source.ts'

const people = (snapshot: BindingSnapshot, decision: string): string =>
  snapshot.decisions
    .filter((each) => each.decision === decision)
    .map((each) => each.by)
    .join(', ') || 'someone'

const because = (snapshot: BindingSnapshot, decision: string): string => {
  const reason = snapshot.decisions.find((each) => each.decision === decision)?.reason ?? ''
  return reason === '' ? '' : `: “${reason}”`
}

/** One sentence for the person or program that waits. */
export const nextStepOf = (snapshot: BindingSnapshot): string => {
  switch (snapshot.state) {
    case 'pending':
      return snapshot.missing > 0
        ? `Waits for ${snapshot.missing} more approval${snapshot.missing === 1 ? '' : 's'}. Have approvers compare the code ${snapshot.code}; keep polling.`
        : `Waits for a decision. Have approvers compare the code ${snapshot.code}; keep polling.`
    case 'awaiting_release':
      return 'Approved. Waits for a holder of the environment to have Countersign unlocked; keep polling.'
    case 'granted':
      return snapshot.narrowed
        ? 'Granted, with less than was asked: see `terms`. Keep the token safe and send it as Authorization: Bearer.'
        : 'Granted. Keep the token safe and send it as Authorization: Bearer.'
    case 'denied':
      return `Denied by ${people(snapshot, 'denied')}${because(snapshot, 'denied')}. Talk to them before asking again.`
    case 'cancelled':
      return `Cancelled by ${people(snapshot, 'cancelled')}${because(snapshot, 'cancelled')}. Ask again if it is still needed.`
    case 'expired':
      return 'Nobody decided in time. Ask again, and tell the approvers.'
    case 'revoked':
      return `Revoked by ${people(snapshot, 'revoked')}${because(snapshot, 'revoked')}. Ask again if it is still needed.`
    case 'grant_expired':
      return 'The lease is over. Ask again: POST /v1/bindings.'
  }
}
