import type { ButtonHTMLAttributes, ReactNode } from 'react'

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'type'> {
  kind?: 'primary' | 'plain' | 'danger' | 'quiet' | 'quiet-danger'
  size?: 'normal' | 'small'
  /** Shows work under way and refuses further clicks. */
  busy?: boolean
  /** An icon without text needs `aria-label`. */
  iconOnly?: boolean
  submit?: boolean
  children: ReactNode
}

export const Button = ({
  kind = 'plain',
  size = 'normal',
  busy = false,
  iconOnly,
  submit,
  disabled,
  children,
  ...rest
}: ButtonProps) => (
  <button
    {...rest}
    type={submit ? 'submit' : 'button'}
    className="button"
    data-kind={kind}
    data-size={size}
    data-icon-only={iconOnly ? '' : undefined}
    aria-busy={busy}
    disabled={disabled || busy}
  >
    {children}
  </button>
)
