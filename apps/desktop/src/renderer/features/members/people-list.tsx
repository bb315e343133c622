import { SearchX } from 'lucide-react'
import type { MemberView } from '../../../shared/views.ts'
import { EmptyState } from '../../ui/empty-state.tsx'
import { Notice } from '../../ui/notice.tsx'
import { MemberCard } from './member-card.tsx'

interface PeopleListProps {
  /** Everybody, and those that the search leaves. */
  members: readonly MemberView[]
  shown: readonly MemberView[]
  admin: boolean
  now: number
  onChange: (member: MemberView) => void
  onLostKey: (member: MemberView) => void
  onRemove: (member: MemberView) => void
}

/** Those who are in first; those who were removed stay, as the log needs their names. */
export const PeopleList = ({
  members,
  shown,
  admin,
  now,
  onChange,
  onLostKey,
  onRemove,
}: PeopleListProps) => {
  const active = members.filter((each) => each.state === 'active').length
  return (
    <section className="card" aria-label="People" data-actions={admin ? '' : undefined}>
      <div className="card-head">
        <h2>People</h2>
        <span className="faint">{active.toLocaleString()}</span>
      </div>
      {shown
        .toSorted((a, b) => Number(a.state === 'removed') - Number(b.state === 'removed'))
        .map((member) => {
          const may = admin && member.state === 'active'
          return (
            <MemberCard
              key={member.member}
              member={member}
              now={now}
              onChange={may ? () => onChange(member) : null}
              onLostKey={may && !member.me ? () => onLostKey(member) : null}
              onRemove={may && !member.me ? () => onRemove(member) : null}
            />
          )
        })}
      {shown.length === 0 && (
        <EmptyState icon={SearchX} title="Nobody matches" inset>
          <p>Try fewer letters.</p>
        </EmptyState>
      )}
      {active === 1 && (
        <div className="card-body">
          <Notice title="You are alone here">
            Invite somebody: only another person’s approval makes a quorum, and only another person’s device
            can confirm that the server hides nothing from you.
          </Notice>
        </div>
      )}
    </section>
  )
}
