import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

export const EmptyState = ({
  icon: Icon,
  title,
  inset = false,
  children,
}: {
  icon: LucideIcon
  title: string
  /** Within a card instead of filling a page. */
  inset?: boolean
  children: ReactNode
}) => (
  <div className="empty" data-inset={inset ? '' : undefined}>
    <Icon size={28} strokeWidth={1.5} aria-hidden />
    <h2>{title}</h2>
    {children}
  </div>
)

/** Rows to come, while a list loads. */
export const ListSkeleton = ({ rows = 6 }: { rows?: number }) => (
  <div aria-busy="true" aria-label="Loading" role="status">
    {Array.from({ length: rows }, (_, i) => i).map((i) => (
      <div className="skeleton" key={i}>
        <i style={{ width: 28 }} />
        <i style={{ width: `${18 + ((i * 7) % 16)}%` }} />
        <i style={{ width: `${10 + ((i * 5) % 9)}%`, marginLeft: 'auto' }} />
      </div>
    ))}
  </div>
)
