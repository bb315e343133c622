import { useId } from 'react'
import { duration } from '../../ui/format.ts'

interface TimeFieldProps {
  label: string
  hint: string
  value: number
  options: readonly number[]
  onChange: (ms: number) => void
}

/** A length of time as one line: what it bounds, and the choice beside it. */
export const TimeField = ({ label, hint, value, options, onChange }: TimeFieldProps) => {
  const id = useId()
  return (
    <div className="time-field">
      <div className="field">
        <label htmlFor={id}>{label}</label>
        <div id={`${id}-note`} className="field-hint">
          {hint}
        </div>
      </div>
      <select
        id={id}
        className="input"
        aria-describedby={`${id}-note`}
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
      >
        {[...new Set([...options, value])]
          .sort((a, b) => a - b)
          .map((ms) => (
            <option key={ms} value={ms}>
              {ms === 0 ? 'not at all' : duration(ms)}
            </option>
          ))}
      </select>
    </div>
  )
}
