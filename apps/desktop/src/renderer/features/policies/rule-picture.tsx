import type { Eligible, Rule } from '@countersign/schema/policy'
import { Fragment } from 'react'
import type { PersonView } from '../../../shared/views.ts'
import { Monogram } from '../../ui/monogram.tsx'

const kinds: Record<Eligible['kind'], string> = {
  approvers: 'approvers',
  holders: 'holders',
  admins: 'admins',
  members: 'named people',
}
const joins = { all: 'and', any: 'or', sequence: 'then' } as const

/** So many people are named; more are initials, and the rest a count. */
const FEW = 4
const MOST_SHOWN = 12

interface RulePictureProps {
  rule: Rule
  /** Who counts towards a quorum today. */
  peopleOf: (of: Eligible) => readonly PersonView[]
  /** Initials only, where the names stand beside it. */
  compact?: boolean
}

const Quorum = ({
  rule,
  peopleOf,
  compact = false,
}: { rule: Extract<Rule, { op: 'quorum' }> } & Omit<RulePictureProps, 'rule'>) => {
  const people = peopleOf(rule.of)
  return (
    <div className="rule-quorum" data-short={people.length < rule.k ? '' : undefined}>
      <div className="rule-seats">
        {Array.from({ length: Math.min(rule.k, 12) }, (_, i) => i).map((i) => (
          <i key={i} />
        ))}
        <span>
          {rule.k} of {people.length} {kinds[rule.of.kind]}
        </span>
      </div>
      <div className="rule-people">
        {people.slice(0, MOST_SHOWN).map((person) => (
          <span key={person.member} className="row" title={person.name}>
            <Monogram text={person.name} seed={person.member} size="small" />
            <span className={compact || people.length > FEW ? 'visually-hidden' : 'clip'}>{person.name}</span>
          </span>
        ))}
        {people.length > MOST_SHOWN && <span className="faint">+{people.length - MOST_SHOWN}</span>}
        {people.length === 0 && <span className="faint">nobody yet</span>}
      </div>
    </div>
  )
}

/** A rule drawn: seats to fill, the people who may fill them, and how groups go together. The words beside it say the same. */
export const RulePicture = ({ rule, peopleOf, compact = false }: RulePictureProps) => {
  if (rule.op === 'none') return null
  if (rule.op === 'quorum') return <Quorum rule={rule} peopleOf={peopleOf} compact={compact} />
  return (
    <div className="rule-group">
      {rule.rules.map((each, index) => (
        // The parts of a rule have no identity but their place.
        <Fragment key={`${index}:${each.op}`}>
          {index > 0 && <span className="rule-join">{joins[rule.op]}</span>}
          <RulePicture rule={each} peopleOf={peopleOf} compact={compact} />
        </Fragment>
      ))}
    </div>
  )
}
