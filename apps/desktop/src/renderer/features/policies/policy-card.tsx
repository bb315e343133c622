import type { Eligible } from '@countersign/schema/policy'
import { CloudOff, EyeOff, FileWarning, Timer } from 'lucide-react'
import type { ReactNode } from 'react'
import { ruleInWords } from '../../../shared/rule-words.ts'
import type { EnvironmentView, PersonView } from '../../../shared/views.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { duration } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'
import { RulePicture } from './rule-picture.tsx'

const People = ({ label, people }: { label: string; people: readonly PersonView[] }) => (
  <div>
    <h3>{label}</h3>
    <div className="people">
      {people.map((person) => (
        <span key={person.member} className="row" title={person.name}>
          <Monogram text={person.name} seed={person.member} size="small" />
          <span className="clip">{person.name}</span>
        </span>
      ))}
      {people.length === 0 && <span className="faint">nobody</span>}
    </div>
  </div>
)

const without = (ms: number): string => (ms === 0 ? 'not served' : `${duration(ms)}`)

interface PolicyCardProps {
  place: EnvironmentView
  label: string
  nameOf: (member: string) => string
  peopleOf: (of: Eligible) => readonly PersonView[]
  /** The button that makes new keys, where they are due and this person can. */
  rekey: ReactNode
  /** Null where this person may not change policies. */
  onChange: (() => void) | null
}

/** What one environment asks for before a program reads: in words, as a picture, and with the people of today. */
export const PolicyCard = ({ place, label, nameOf, peopleOf, rekey, onChange }: PolicyCardProps) => {
  const { policy } = place
  return (
    <article className="card policy" aria-label={label}>
      <div className="card-head">
        <h2 className="grow clip" title={label}>
          {label}
        </h2>
        {place.rekeyDue && <Badge tone="warn">new keys due</Badge>}
        {rekey}
        <span className="faint nowrap">version {place.policyVersion}</span>
        {onChange !== null && (
          <Button size="small" onClick={onChange}>
            Change…
          </Button>
        )}
      </div>
      <div className="card-body stack">
        <p>
          For a program to read: <strong>{ruleInWords(policy.rule, nameOf)}</strong>
          {policy.rule.op !== 'none' && !policy.selfApproval && ', never the person who asks'}.
        </p>
        <div className="policy-people">
          <div>
            <h3>{policy.rule.op === 'none' ? 'Approve' : 'Must approve'}</h3>
            {policy.rule.op === 'none' ? (
              <div className="people faint">nobody has to</div>
            ) : (
              <RulePicture rule={policy.rule} peopleOf={peopleOf} />
            )}
          </div>
          <People label="Hold" people={place.holders} />
          <People label="May ask" people={place.requesters} />
        </div>
        <ul className="policy-limits soft">
          <li>
            <Timer size={14} aria-hidden /> Longest lease: {duration(policy.maxLeaseMs)}
          </li>
          <li>
            <CloudOff size={14} aria-hidden /> Without the server: {without(policy.maxOfflineMs)}
          </li>
          <li>
            <EyeOff size={14} aria-hidden /> Without another person’s confirmation:{' '}
            {without(policy.maxUnwitnessedMs)}
          </li>
          <li>
            <FileWarning size={14} aria-hidden /> Without an audit record:{' '}
            {without(policy.maxUnrecordedMs ?? 0)}
          </li>
        </ul>
      </div>
    </article>
  )
}
