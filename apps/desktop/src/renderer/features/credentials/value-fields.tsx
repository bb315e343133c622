import { checkFormat, type Provider } from '@countersign/schema/providers'
import { TextField } from '../../ui/field.tsx'

interface ValueFieldsProps {
  provider: Provider
  value: Record<string, string>
  /** Where fields may stay empty because they keep what they have. */
  keep?: boolean
  onChange: (name: string, text: string) => void
}

/** The fields of a provider's credential, each with what it usually looks like; a mismatch is a remark, never a refusal. */
export const ValueFields = ({ provider, value, keep, onChange }: ValueFieldsProps) => (
  <>
    {provider.fields.map((field) => {
      const text = value[field.name] ?? ''
      const remark = text === '' ? null : checkFormat(provider.id, field.name, text)
      return (
        <TextField
          key={field.name}
          label={field.optional ? `${field.label} (optional)` : field.label}
          type={field.secret ? 'password' : 'text'}
          className="mono"
          placeholder={keep ? 'unchanged' : field.placeholder}
          hint={field.env === null ? field.hint : `${field.hint} · ${field.env}`}
          warning={remark ?? undefined}
          value={text}
          onChange={(event) => onChange(field.name, event.target.value)}
        />
      )
    })}
  </>
)
