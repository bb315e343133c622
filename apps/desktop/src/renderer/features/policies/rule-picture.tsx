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

interface RulePictureProps {
  rule: Rule
  /** Who counts towards a quorum today. */
  peopleOf: (of: Eligible) => readonly PersonView[]
}

const Quorum = ({
  rule,
  peopleOf,
}: { rule: Extract<Rule, { op: 'quorum' }> } & Pick<RulePictureProps, 'peopleOf'>) => {
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
        {people.slice(0, 8).map((person) => (
          <span key={person.member} title={person.name}>
            <Monogram text={person.name} seed={person.member} />
          </span>
        ))}
        {people.length > 8 && <span className="faint">+{people.length - 8}</span>}
        {people.length === 0 && <span className="faint">nobody yet</span>}
      </div>
    </div>
  )
}

/** A rule drawn: seats to fill, the people who may fill them, and how groups go together. The words beside it say the same. */
export const RulePicture = ({ rule, peopleOf }: RulePictureProps) => {
  if (rule.op === 'none') return null
  if (rule.op === 'quorum') return <Quorum rule={rule} peopleOf={peopleOf} />
  return (
    <div className="rule-group">
      {rule.rules.map((each, index) => (
        // The parts of a rule have no identity but their place.
        <Fragment key={`${index}:${each.op}`}>
          {index > 0 && <span className="rule-join">{joins[rule.op]}</span>}
          <RulePicture rule={each} peopleOf={peopleOf} />
        </Fragment>
      ))}
    </div>
  )
}
