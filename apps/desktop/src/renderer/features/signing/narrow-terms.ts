import type { CallRequest } from '../../../shared/contract.ts'
import type { TermsView } from '../../../shared/views.ts'

/** What an approver may change: fewer items, a shorter lease, broker instead of reveal. Never more. */
export interface Narrowing {
  items: readonly string[]
  durationMs: number
  broker: boolean
}

export const asAsked = (terms: TermsView): Narrowing => ({
  items: terms.items.map((each) => each.item),
  durationMs: terms.lease.durationMs,
  broker: terms.mode === 'broker',
})

/** The terms to sign, or null where nothing was narrowed. */
export const narrowTerms = (
  terms: TermsView,
  narrowing: Narrowing,
): CallRequest<'signing.approve'>['terms'] => {
  const items = terms.items.map((each) => each.item).filter((item) => narrowing.items.includes(item))
  const durationMs = Math.min(terms.lease.durationMs, narrowing.durationMs)
  const mode = terms.mode === 'broker' || narrowing.broker ? 'broker' : 'reveal'
  if (items.length === terms.items.length && durationMs === terms.lease.durationMs && mode === terms.mode)
    return null
  return {
    vault: terms.vault,
    environment: terms.environment,
    items,
    models: terms.models,
    mode,
    lease: { ...terms.lease, durationMs },
  }
}
