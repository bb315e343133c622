import type { Eligible } from '@countersign/schema/policy'
import { Plus, Trash2 } from 'lucide-react'
import type { PersonView } from '../../../shared/views.ts'
import { Button } from '../../ui/button.tsx'
import { CheckField, SelectField, TextField } from '../../ui/field.tsx'
import type { Join, Part, RuleParts } from './rule-parts.ts'

const MOST_GROUPS = 8
const MOST_PEOPLE = 20

const groups: { kind: Eligible['kind']; label: string }[] = [
  { kind: 'approvers', label: 'its approvers' },
  { kind: 'holders', label: 'those who hold it' },
  { kind: 'admins', label: 'the admins' },
  { kind: 'members', label: 'named people' },
]
const joins: { join: Join; label: string }[] = [
  { join: 'all', label: 'every group' },
  { join: 'any', label: 'any one group' },
  { join: 'sequence', label: 'every group, in this order' },
]

export const countOf = (typed: string): number =>
  Math.min(MOST_PEOPLE, Math.max(1, Math.trunc(Number(typed)) || 1))

interface PartEditProps {
  part: Part
  index: number
  people: readonly PersonView[]
  onChange: (part: Part) => void
  onRemove: (() => void) | null
}

const PartEdit = ({ part, index, people, onChange, onRemove }: PartEditProps) => {
  const named = part.of.kind === 'members' ? part.of.members : []
  const setKind = (kind: string): void => {
    const known = groups.find((each) => each.kind === kind)?.kind ?? 'approvers'
    const of: Eligible =
      known === 'members'
        ? { kind: known, members: people.slice(0, 1).map((each) => each.member) }
        : { kind: known }
    onChange({ ...part, of })
  }
  return (
    <fieldset className="rule-part" aria-label={`Group ${index + 1}`}>
      <TextField
        label="How many"
        type="number"
        min={1}
        max={MOST_PEOPLE}
        value={part.k}
        onChange={(event) => onChange({ ...part, k: countOf(event.target.value) })}
      />
      <SelectField label="of" value={part.of.kind} onChange={(event) => setKind(event.target.value)}>
        {groups.map((each) => (
          <option key={each.kind} value={each.kind}>
            {each.label}
          </option>
        ))}
      </SelectField>
      {onRemove !== null && (
        <Button kind="quiet" iconOnly aria-label={`Remove group ${index + 1}`} onClick={onRemove}>
          <Trash2 size={15} aria-hidden />
        </Button>
      )}
      {part.of.kind === 'members' && (
        <div className="rule-names">
          {people.map((person) => (
            <CheckField
              key={person.member}
              label={person.name}
              checked={named.includes(person.member)}
              disabled={named.length === 1 && named.includes(person.member)}
              onChange={(event) =>
                onChange({
                  ...part,
                  of: {
                    kind: 'members',
                    members: event.target.checked
                      ? [...named, person.member]
                      : named.filter((each) => each !== person.member),
                  },
                })
              }
            />
          ))}
        </div>
      )}
    </fieldset>
  )
}

/** Several groups and how they go together. Different people always: nobody fills two seats of one group. */
export const RuleBuilder = ({
  value,
  people,
  onChange,
}: {
  value: RuleParts
  people: readonly PersonView[]
  onChange: (value: RuleParts) => void
}) => (
  <div className="stack">
    {value.parts.length > 1 && (
      <SelectField
        label="Needed"
        value={value.join}
        onChange={(event) =>
          onChange({ ...value, join: joins.find((each) => each.join === event.target.value)?.join ?? 'all' })
        }
      >
        {joins.map((each) => (
          <option key={each.join} value={each.join}>
            {each.label}
          </option>
        ))}
      </SelectField>
    )}
    {value.parts.map((part, index) => (
      <PartEdit
        // The parts of a rule have no identity but their place.
        key={`${index}:${value.parts.length}`}
        part={part}
        index={index}
        people={people}
        onChange={(next) =>
          onChange({ ...value, parts: value.parts.map((each, i) => (i === index ? next : each)) })
        }
        onRemove={
          value.parts.length > 1
            ? () => onChange({ ...value, parts: value.parts.filter((_, i) => i !== index) })
            : null
        }
      />
    ))}
    {value.parts.length < MOST_GROUPS && (
      <div>
        <Button
          size="small"
          onClick={() => onChange({ ...value, parts: [...value.parts, { k: 1, of: { kind: 'admins' } }] })}
        >
          <Plus size={14} aria-hidden /> Another group
        </Button>
      </div>
    )}
  </div>
)
