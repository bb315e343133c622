import { Inbox } from 'lucide-react'
import type { RequestRow } from '../../../shared/views.ts'
import { go, useApp } from '../../data/app-store.ts'
import { useLoaded } from '../../data/use-call.ts'
import { useMore } from '../../data/use-more.ts'
import { Badge } from '../../ui/badge.tsx'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { ago, left } from '../../ui/format.ts'
import { listKeys } from '../../ui/list-keys.ts'
import { Refusal } from '../../ui/notice.tsx'
import { OlderRows } from '../../ui/older-rows.tsx'
import { requestTitle } from '../../ui/request-title.ts'
import { isOpen, requestState } from '../../ui/request-words.ts'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { useNow } from '../../ui/use-now.ts'
import { useShortcuts } from '../../ui/use-shortcuts.ts'
import { QuorumDots } from './quorum-dots.tsx'
import { RequestDetail } from './request-detail.tsx'
import { requestGroups } from './request-groups.ts'
import './requests.css'

const rowId = (request: string): string => `request-${request}`

const Row = ({ row, now, current }: { row: RequestRow; now: number; current: boolean }) => (
  <button
    type="button"
    id={rowId(row.request)}
    className="inbox-row"
    aria-current={current}
    onClick={() => go('requests', row.request)}
  >
    <div className="row">
      <strong className="clip grow" title={requestTitle(row)}>
        {requestTitle(row)}
      </strong>
      <span className="faint inbox-time">{ago(row.createdAt, now)}</span>
    </div>
    <div className="soft clip">
      {row.requester.name} → {row.target}
    </div>
    <div className="row">
      {isOpen(row) ? (
        <QuorumDots row={row} />
      ) : (
        <Badge tone={requestState[row.state].tone}>{requestState[row.state].label}</Badge>
      )}
      {row.state === 'pending' && <span className="faint inbox-time">{left(row.expiresAt, now)}</span>}
      {row.state === 'awaiting_release' && (
        <Badge tone="accent">{row.kind === 'binding' ? 'waiting for a holder' : 'to be made'}</Badge>
      )}
    </div>
  </button>
)

export const RequestsPage = () => {
  const { limit, showMore } = useMore()
  const loaded = useLoaded('requests.list', { limit }, ['requests', 'members'])
  const open = useApp((state) => state.open)
  const now = useNow(5000)
  const { rows, more } = loaded.state === 'ready' ? loaded.value : { rows: [], more: false }
  const groups = requestGroups(rows)
  const shown = open ?? groups[0]?.rows[0]?.request ?? null
  const order = groups.flatMap((group) => group.rows.map((row) => row.request))
  const move = (by: number): void => {
    const at = shown === null ? -1 : order.indexOf(shown)
    const next = order[Math.min(order.length - 1, Math.max(0, at + by))]
    if (next === undefined) return
    go('requests', next)
    document.getElementById(rowId(next))?.focus()
  }
  useShortcuts(listKeys(move))
  return (
    <section className="page" aria-label="Requests">
      <header className="page-head">
        <h1>Requests</h1>
      </header>
      <div className="page-body">
        {loaded.state === 'loading' && <ListSkeleton />}
        {loaded.state === 'failed' && (
          <div className="page-pad">
            <Refusal error={loaded.error} onRetry={loaded.reload} />
          </div>
        )}
        {loaded.state === 'ready' && rows.length === 0 && (
          <EmptyState icon={Inbox} title="Nothing has been asked">
            <p>
              When a program asks for a credential that needs approval, it appears here, on every approver’s
              computer.
            </p>
          </EmptyState>
        )}
        {groups.length > 0 && (
          <div className="inbox">
            <div className="inbox-list">
              {groups.map((group) => (
                <div key={group.label}>
                  <h2 className="inbox-group">
                    {group.label}{' '}
                    <span className="faint">
                      {group.rows.length}
                      {more && group.label === 'Decided' && '+'}
                    </span>
                  </h2>
                  {group.rows.map((row) => (
                    <Row key={row.request} row={row} now={now} current={row.request === shown} />
                  ))}
                </div>
              ))}
              {more && <OlderRows what="requests" onShow={showMore} />}
            </div>
            <ScrollRegion className="inbox-detail" label="The request">
              {shown !== null && <RequestDetail key={shown} request={shown} />}
            </ScrollRegion>
          </div>
        )}
      </div>
    </section>
  )
}
