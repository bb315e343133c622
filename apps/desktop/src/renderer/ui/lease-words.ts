import type { TermsView } from '../../shared/views.ts'
import { duration } from './format.ts'

/** How long, how often and until what a binding lasts, in words. */
export const leaseWords = (lease: TermsView['lease']): string =>
  [
    `for ${duration(lease.durationMs)}`,
    lease.uses === null
      ? null
      : `at most ${lease.uses.toLocaleString()} ${lease.uses === 1 ? 'read' : 'reads'}`,
    lease.untilLock ? 'until this computer locks' : null,
    lease.untilProcessEnds ? 'until the program ends' : null,
  ]
    .filter((each) => each !== null)
    .join(', ')
