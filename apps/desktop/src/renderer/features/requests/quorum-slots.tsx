import { Check } from 'lucide-react'
import type { RequestRow } from '../../../shared/views.ts'
import { when } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'

/** The quorum as seats: a person in each that is taken, the rest still empty. */
export const QuorumSlots = ({ row }: { row: Pick<RequestRow, 'approvals' | 'needed'> }) => (
  <ol className="slots" aria-label={`${row.approvals.length} of ${row.needed} approvals`}>
    {row.approvals.map((approval) => (
      <li key={approval.person.member} title={when(approval.at)}>
        <Monogram text={approval.person.name} seed={approval.person.member} />
        <span className="clip">{approval.person.name}</span>
        <Check size={14} aria-label="approved" />
      </li>
    ))}
    {Array.from({ length: Math.max(0, row.needed - row.approvals.length) }, (_, i) => i).map((i) => (
      <li key={i} data-empty="">
        <i className="slot" />
        <span className="faint">one more person</span>
      </li>
    ))}
  </ol>
)
