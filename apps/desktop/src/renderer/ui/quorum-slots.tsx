import { Check, Fingerprint } from 'lucide-react'
import type { RequestRow } from '../../shared/views.ts'
import { when } from './format.ts'
import { Monogram } from './monogram.tsx'

/** The quorum as seats: a person in each that is taken, the next one for whoever may sign here, the rest still empty. */
export const QuorumSlots = ({
  row,
}: {
  row: Pick<RequestRow, 'approvals' | 'needed' | 'mine' | 'state'>
}) => {
  const open = row.state === 'pending'
  const mine = open && row.mine === 'can_approve'
  const free = Math.max(0, row.needed - row.approvals.length)
  // What ended before its quorum was full has no seat left to take.
  const shown = open ? free : 0
  return (
    <ol className="slots" aria-label={`${row.approvals.length} of ${row.needed} approvals`}>
      {row.approvals.map((approval) => (
        <li key={approval.person.member} title={when(approval.at)}>
          <Monogram text={approval.person.name} seed={approval.person.member} />
          <span className="clip">{approval.person.name}</span>
          <Check size={14} aria-label="approved" />
        </li>
      ))}
      {Array.from({ length: shown }, (_, i) => i).map((i) => (
        <li key={i} data-empty="" data-mine={mine && i === 0 ? '' : undefined}>
          <i className="slot">{mine && i === 0 && <Fingerprint size={16} aria-hidden />}</i>
          <span className="faint">{mine && i === 0 ? 'you' : 'one more person'}</span>
        </li>
      ))}
    </ol>
  )
}
