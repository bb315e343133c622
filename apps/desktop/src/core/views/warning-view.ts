import type { PolicyWarning as LedgerWarning } from '@countersign/ledger/satisfiable'
import type { LedgerState } from '@countersign/ledger/state'
import type { PolicyWarning } from '../../shared/views.ts'
import { nameOf } from './people.ts'

/** A policy that would stop everything is not saved; the rest is advice. */
const BLOCKING: ReadonlySet<LedgerWarning['code']> = new Set([
  'policy.unsatisfiable',
  'policy.no_holder',
  'policy.members_gone',
  'policy.refused',
])

const words = (ledger: LedgerState, warning: LedgerWarning): string => {
  const { needed, available } = warning
  const people = warning.members.map((member) => nameOf(ledger, member)).join(', ')
  switch (warning.code) {
    case 'policy.unsatisfiable':
      return `Nobody could ever satisfy this: it needs ${needed} people and ${available} count.`
    case 'policy.unsatisfiable_for':
      return `Requests by ${people} could never be approved: ${needed} others are needed.`
    case 'policy.no_spare':
      return `It works only while nobody is away: ${needed} are needed and ${available} count.`
    case 'policy.unchangeable':
      return 'No admin could ever get the approvals to change this policy again.'
    case 'policy.no_holder':
      return 'Nobody holds this environment, so nobody could release a key.'
    case 'policy.no_holder_approver':
      return 'None of those who approve holds this environment: after each approval a holder must open Countersign.'
    case 'policy.holders_not_approving':
      return `${people} read every value here without anybody’s approval, and do not count as approvers.`
    case 'policy.no_requester':
      return 'Nobody may request in this environment yet.'
    case 'policy.members_gone':
      return 'It names people who are no longer in the team.'
    case 'policy.refused':
      return 'The team’s rules do not allow this combination.'
  }
}

export const warningView = (ledger: LedgerState, warning: LedgerWarning): PolicyWarning => ({
  code: warning.code,
  message: words(ledger, warning),
  blocking: BLOCKING.has(warning.code),
})
