import type { ReactNode } from 'react'
import { Refusal } from './notice.tsx'

/** A card of things that each wait for somebody to act. */
export const ActionList = ({
  label,
  title,
  note,
  children,
}: {
  label: string
  title: string
  note?: string
  children: ReactNode
}) => (
  <section className="card" aria-label={label}>
    <div className="card-head">
      <h2 className="grow">{title}</h2>
      {note !== undefined && <span className="faint">{note}</span>}
    </div>
    <ul>{children}</ul>
  </section>
)

/** One of them: what it is, what is to be known (`children`), what can be done, and how that was refused. */
export const ActionRow = ({
  name,
  about,
  actions,
  error,
  children,
}: {
  name: string
  about: string
  actions: ReactNode
  error: { message: string; fix: string } | null
  children: ReactNode
}) => (
  <li className="action-row">
    <div>
      <strong className="clip" title={name}>
        {name}
      </strong>
      <div className="faint clip" title={about}>
        {about}
      </div>
    </div>
    <div className="action-facts">{children}</div>
    <div className="row">{actions}</div>
    {error !== null && <Refusal error={error} />}
  </li>
)
