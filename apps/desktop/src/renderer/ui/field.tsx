import {
  type ComponentProps,
  type InputHTMLAttributes,
  type ReactNode,
  type TextareaHTMLAttributes,
  useId,
} from 'react'

interface FieldProps {
  label: string
  hint?: ReactNode
  error?: string | undefined
  /** Said, but it does not stop anybody. */
  warning?: string | undefined
  children: (ids: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => ReactNode
}

/** A label, its control, and what is to be said about it, tied together for assistive technology. */
export const Field = ({ label, hint, error, warning, children }: FieldProps) => {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-note`, 'aria-invalid': error !== undefined })}
      <div id={`${id}-note`}>
        {error !== undefined ? (
          <div className="field-error" role="alert">
            {error}
          </div>
        ) : warning !== undefined ? (
          <div className="field-warning">{warning}</div>
        ) : hint !== undefined ? (
          <div className="field-hint">{hint}</div>
        ) : null}
      </div>
    </div>
  )
}

type Labelled = Pick<FieldProps, 'label' | 'hint' | 'error' | 'warning'>

export const TextField = ({
  label,
  hint,
  error,
  warning,
  ...rest
}: Labelled & InputHTMLAttributes<HTMLInputElement>) => (
  <Field label={label} hint={hint} error={error} warning={warning}>
    {(ids) => (
      <input
        spellCheck={false}
        autoComplete="off"
        {...rest}
        {...ids}
        className={`input ${rest.className ?? ''}`}
      />
    )}
  </Field>
)

export const TextArea = ({
  label,
  hint,
  error,
  warning,
  ...rest
}: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) => (
  <Field label={label} hint={hint} error={error} warning={warning}>
    {(ids) => <textarea spellCheck={false} {...rest} {...ids} className={`input ${rest.className ?? ''}`} />}
  </Field>
)

export const SelectField = ({
  label,
  hint,
  error,
  warning,
  children,
  ...rest
}: Labelled & ComponentProps<'select'>) => (
  <Field label={label} hint={hint} error={error} warning={warning}>
    {(ids) => (
      <select {...rest} {...ids} className="input">
        {children}
      </select>
    )}
  </Field>
)

export const CheckField = ({
  label,
  hint,
  ...rest
}: { label: ReactNode; hint?: ReactNode } & InputHTMLAttributes<HTMLInputElement>) => (
  <label className="check">
    <input {...rest} type="checkbox" />
    <span>
      {label} {hint !== undefined && <span className="field-hint">{hint}</span>}
    </span>
  </label>
)
