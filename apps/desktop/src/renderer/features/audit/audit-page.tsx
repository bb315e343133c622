import { BadgeCheck, FileClock, ShieldAlert } from 'lucide-react'
import { useState } from 'react'
import { useApp } from '../../data/app-store.ts'
import { useLoaded } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { when } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { useNow } from '../../ui/use-now.ts'
import { perDay } from './per-day.ts'
import './audit.css'

const PAGE = 200
const DAYS = 30

export const AuditPage = () => {
  const [text, setText] = useState('')
  const [limit, setLimit] = useState(PAGE)
  const loaded = useLoaded('audit.list', { before: null, limit, text }, [
    'audit',
    'requests',
    'items',
    'members',
  ])
  const auditor = useApp((state) => state.status?.me?.roles.includes('auditor') ?? false)
  const now = useNow(60_000)
  const list = loaded.state === 'ready' ? loaded.value : null
  const days = perDay(list?.rows.map((row) => row.time) ?? [], now, DAYS)
  const most = Math.max(1, ...days)
  return (
    <section className="page" aria-label="Audit">
      <header className="page-head">
        <h1>Audit</h1>
        {list !== null && (
          <Badge tone={list.verified ? 'good' : 'bad'}>
            {list.verified ? <BadgeCheck size={13} aria-hidden /> : <ShieldAlert size={13} aria-hidden />}
            {list.verified ? `verified, ${list.streams} streams` : 'does not verify'}
          </Badge>
        )}
        <span className="grow" />
        <div
          className="histogram"
          style={{ width: 180 }}
          role="img"
          aria-label={`Events a day over ${DAYS} days, most ${most}`}
        >
          {days
            .map((count, day) => ({ count, day: day - DAYS }))
            .map(({ count, day }) => (
              <i key={day} style={{ height: `${(count / most) * 100}%` }} />
            ))}
        </div>
        <input
          className="input item-search"
          type="search"
          placeholder="Filter"
          aria-label="Filter the audit"
          value={text}
          maxLength={100}
          onChange={(event) => setText(event.target.value)}
        />
      </header>
      <div className="page-body">
        {(!auditor || (list !== null && list.problems.length > 0)) && (
          <div className="banner stack">
            {!auditor && (
              <Notice>You see what was decided and changed. Who read what is for auditors.</Notice>
            )}
            {list?.problems.map((problem) => (
              <Notice key={problem} tone="bad" title="The record has a hole">
                {problem}
              </Notice>
            ))}
          </div>
        )}
        {loaded.state === 'loading' && <ListSkeleton />}
        {loaded.state === 'failed' && (
          <div className="page-pad">
            <Refusal error={loaded.error} onRetry={loaded.reload} />
          </div>
        )}
        {list !== null && list.rows.length === 0 && (
          <EmptyState icon={FileClock} title={text === '' ? 'Nothing yet' : 'Nothing matches'}>
            <p>
              {text === ''
                ? 'Every change, request, approval and read is written here, signed.'
                : 'Try fewer words.'}
            </p>
          </EmptyState>
        )}
        {list !== null && list.rows.length > 0 && (
          <>
            <table className="table">
              <thead>
                <tr>
                  <th>When</th>
                  <th>Who</th>
                  <th>What</th>
                  <th>On</th>
                  <th>Outcome</th>
                  <th>Proved by</th>
                </tr>
              </thead>
              <tbody>
                {list.rows.map((row) => (
                  <tr key={row.id}>
                    <td className="faint" style={{ whiteSpace: 'nowrap' }}>
                      {when(row.time)}
                    </td>
                    <td>{row.actor}</td>
                    <td>
                      {row.action}
                      {row.detail !== '' && <div className="faint">{row.detail}</div>}
                    </td>
                    <td className="soft">{row.target}</td>
                    <td className="audit-outcome">
                      {row.outcome === 'ok' ? (
                        <span className="faint">ok</span>
                      ) : (
                        <Badge tone="warn">{row.outcome}</Badge>
                      )}
                    </td>
                    <td className="faint mono">
                      {row.source} #{row.seq}
                      {!row.verified && <Badge tone="bad">unverified</Badge>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
            {list.rows.length < list.total && limit < 500 && (
              <div className="page-pad">
                <Button onClick={() => setLimit(500)}>Show more of {list.total}</Button>
              </div>
            )}
          </>
        )}
      </div>
    </section>
  )
}
