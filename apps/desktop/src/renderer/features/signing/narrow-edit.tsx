import type { TermsView } from '../../../shared/views.ts'
import { CheckField, SelectField } from '../../ui/field.tsx'
import { duration } from '../../ui/format.ts'
import type { Narrowing } from './narrow-terms.ts'

const HOUR = 3_600_000
const choices = [HOUR, 8 * HOUR, 24 * HOUR, 7 * 24 * HOUR, 30 * 24 * HOUR]

interface NarrowEditProps {
  terms: TermsView
  value: Narrowing
  onChange: (value: Narrowing) => void
}

/** What an approver may take away from a request; it comes into view as it opens. */
export const NarrowEdit = ({ terms, value, onChange }: NarrowEditProps) => (
  <details
    onToggle={(event) => {
      if (event.currentTarget.open) event.currentTarget.scrollIntoView({ block: 'end' })
    }}
  >
    <summary>Allow less than was asked</summary>
    <div className="narrow">
      {terms.items.length > 1 && (
        <fieldset className="narrow-items">
          <legend className="field-label">Credentials</legend>
          {terms.items.map((item) => (
            <CheckField
              key={item.item}
              label={item.name}
              checked={value.items.includes(item.item)}
              onChange={(event) =>
                onChange({
                  ...value,
                  items: event.target.checked
                    ? [...value.items, item.item]
                    : value.items.filter((each) => each !== item.item),
                })
              }
            />
          ))}
        </fieldset>
      )}
      <SelectField
        label="How long"
        value={value.durationMs}
        onChange={(event) => onChange({ ...value, durationMs: Number(event.target.value) })}
      >
        {[...choices.filter((each) => each < terms.lease.durationMs), terms.lease.durationMs].map((each) => (
          <option key={each} value={each}>
            {duration(each)}
            {each === terms.lease.durationMs ? ' (as asked)' : ''}
          </option>
        ))}
      </SelectField>
      {terms.mode === 'reveal' && (
        <CheckField
          label="Only through the broker"
          hint="The program never sees the value."
          checked={value.broker}
          onChange={(event) => onChange({ ...value, broker: event.target.checked })}
        />
      )}
    </div>
  </details>
)
