import { CircleCheck, Info, OctagonAlert, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from './button.tsx'

const icons = { neutral: Info, good: CircleCheck, warn: TriangleAlert, bad: OctagonAlert } as const

interface NoticeProps {
  tone?: keyof typeof icons
  title?: string
  children?: ReactNode
  action?: ReactNode
}

export const Notice = ({ tone = 'neutral', title, children, action }: NoticeProps) => {
  const Icon = icons[tone]
  return (
    <div className="notice" data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon size={16} aria-hidden />
      <div className="grow">
        {title !== undefined && <strong>{title}</strong>}
        {children}
      </div>
      {action}
    </div>
  )
}

/** A refusal as every screen shows it: what happened, what to do, and another try where that can help. */
export const Refusal = ({
  error,
  onRetry,
}: {
  error: { message: string; fix: string }
  onRetry?: () => void
}) => (
  <Notice
    tone="bad"
    title={error.message}
    action={
      onRetry && (
        <Button size="small" onClick={onRetry}>
          Try again
        </Button>
      )
    }
  >
    {error.fix}
  </Notice>
)
