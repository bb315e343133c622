import type { ReactNode } from 'react'

/** A part that scrolls on its own: reachable by Tab, so that the arrow keys scroll it though nothing in it takes focus. */
export const ScrollRegion = ({
  label,
  className,
  children,
}: {
  label: string
  className: string
  children: ReactNode
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
  <section className={className} tabIndex={0} aria-label={label} data-scrolls>
    {children}
  </section>
)
