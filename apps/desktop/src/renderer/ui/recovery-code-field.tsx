import { TextField } from './field.tsx'

interface RecoveryCodeFieldProps {
  value: string
  onChange: (text: string) => void
  /** Why it is asked for here. */
  why?: string
  autoFocus?: boolean
}

/** The code as it stands on paper. It is not on the recovery sheet, which is kept apart from it. */
export const RecoveryCodeField = ({ value, onChange, why, autoFocus }: RecoveryCodeFieldProps) => (
  <TextField
    label="Recovery code"
    className="mono"
    value={value}
    autoFocus={autoFocus}
    hint={`${why === undefined ? '' : `${why} `}Nine groups of four, from where you wrote it down; case and dashes do not matter.`}
    onChange={(event) => onChange(event.target.value)}
  />
)
