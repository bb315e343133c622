import type { RequestRow } from '../../../shared/views.ts'

/** k of n, drawn: a filled dot a person who approved, an empty one for each still needed. */
export const QuorumDots = ({ row }: { row: Pick<RequestRow, 'approvals' | 'needed'> }) => {
  const missing = Math.max(0, row.needed - row.approvals.length)
  const names = row.approvals.map((each) => each.person.name)
  return (
    <span
      className="quorum"
      role="img"
      aria-label={`${row.approvals.length} of ${row.needed} approved${names.length > 0 ? `: ${names.join(', ')}` : ''}`}
      title={names.join(', ')}
    >
      {row.approvals.map((each) => (
        <i key={each.person.member} data-filled="" />
      ))}
      {Array.from({ length: missing }, (_, i) => i).map((i) => (
        <i key={i} />
      ))}
      <span className="faint">
        {row.approvals.length} of {row.needed}
      </span>
    </span>
  )
}
