import type { CallRequest } from '../../../shared/contract.ts'
import type { TermsView } from '../../../shared/views.ts'
import { duration } from '../../ui/format.ts'

/** What is left of what was asked, in words: only what differs. */
export const narrowWords = (
  asked: TermsView,
  narrowed: NonNullable<CallRequest<'signing.approve'>['terms']>,
): string =>
  [
    narrowed.items.length < asked.items.length
      ? `only ${asked.items
          .filter((each) => narrowed.items.includes(each.item))
          .map((each) => each.name)
          .join(', ')}`
      : null,
    narrowed.lease.durationMs < asked.lease.durationMs ? `for ${duration(narrowed.lease.durationMs)}` : null,
    narrowed.mode !== asked.mode ? 'through the broker' : null,
  ]
    .filter((each) => each !== null)
    .join(', ')
