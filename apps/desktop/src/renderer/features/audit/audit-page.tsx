import { BadgeCheck, Download, FileClock, ShieldAlert } from 'lucide-react'
import { useRef, useState } from 'react'
import { UNREADABLE } from '../../../shared/audit-outcome.ts'
import type { AuditRow } from '../../../shared/views.ts'
import { useApp } from '../../data/app-store.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { when } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { useNow } from '../../ui/use-now.ts'
import { AuditTable } from './audit-table.tsx'
import { DayChart } from './day-chart.tsx'
import { ExportAudit } from './export-audit.tsx'
import { useAudit } from './use-audit.ts'
import './audit.css'

const sources: Record<AuditRow['source'], string> = {
  ledger: 'the team’s ledger',
  compartment: 'the environment’s own stream',
  device: 'the journal of one device',
}

const Entry = ({ row, onClose }: { row: AuditRow; onClose: () => void }) => (
  <Dialog
    title={`${row.actor}: ${row.action}`}
    onClose={onClose}
    foot={<Button onClick={onClose}>Close</Button>}
  >
    {!row.verified && (
      <Notice tone="bad" title="This entry does not verify">
        Its signature or its place in the stream is not what it should be. Do not rely on it.
      </Notice>
    )}
    <dl className="facts">
      <dt>When</dt>
      <dd>{when(row.time)}</dd>
      <dt>Who</dt>
      <dd>{row.actor}</dd>
      <dt>What</dt>
      <dd>{row.action}</dd>
      <dt>On</dt>
      <dd>{row.target === '' ? '–' : row.target}</dd>
      <dt>Outcome</dt>
      <dd>
        {row.outcome === UNREADABLE
          ? 'Signed and in its place; this computer has no key to read what it says.'
          : row.outcome}
      </dd>
      {row.detail !== '' && (
        <>
          <dt>Detail</dt>
          <dd>{row.detail}</dd>
        </>
      )}
      <dt>Proved by</dt>
      <dd>
        entry {row.seq} of {sources[row.source]}
      </dd>
    </dl>
  </Dialog>
)

export const AuditPage = () => {
  const [text, setText] = useState('')
  const [opened, setOpened] = useState<AuditRow | null>(null)
  const [exporting, setExporting] = useState(false)
  const audit = useAudit(text)
  const auditor = useApp((state) => state.status?.me?.roles.includes('auditor') ?? false)
  const scroller = useRef<HTMLDivElement>(null)
  const now = useNow(60_000)
  const page = audit.state === 'ready' ? audit.page : null
  return (
    <section className="page" aria-label="Audit">
      <header className="page-head">
        <h1>Audit</h1>
        {page !== null && (
          <Badge tone={page.verified ? 'good' : 'bad'}>
            {page.verified ? <BadgeCheck size={13} aria-hidden /> : <ShieldAlert size={13} aria-hidden />}
            {page.verified ? `verified, ${page.streams} streams` : 'does not verify'}
          </Badge>
        )}
        <span className="grow" />
        <SearchField label="Filter the audit" value={text} onChange={setText} />
        <Button onClick={() => setExporting(true)}>
          <Download size={15} aria-hidden /> Export
        </Button>
      </header>
      {page !== null && (!auditor || page.problems.length > 0) && (
        <div className="audit-notes stack">
          {!auditor && <Notice>You see what was decided and changed. Who read what is for auditors.</Notice>}
          {page.problems.map((problem) => (
            <Notice key={problem} tone="bad" title="The record has a hole">
              {problem}
            </Notice>
          ))}
        </div>
      )}
      {audit.state === 'ready' && audit.rows.length > 0 && (
        <DayChart times={audit.rows.map((row) => row.time)} total={audit.page.total} now={now} />
      )}
      <div className="page-body" ref={scroller}>
        {audit.state === 'loading' && <ListSkeleton />}
        {audit.state === 'failed' && (
          <div className="page-pad">
            <Refusal error={audit.error} onRetry={audit.reload} />
          </div>
        )}
        {audit.state === 'ready' && audit.rows.length === 0 && (
          <EmptyState icon={FileClock} title={text === '' ? 'Nothing yet' : 'Nothing matches'}>
            <p>
              {text === ''
                ? 'Every change, request, approval and read is written here, signed.'
                : 'Try fewer words.'}
            </p>
          </EmptyState>
        )}
        {audit.state === 'ready' && audit.rows.length > 0 && (
          <AuditTable rows={audit.rows} scroller={scroller} onEnd={audit.more} onOpen={setOpened} />
        )}
      </div>
      {exporting && <ExportAudit auditor={auditor} onClose={() => setExporting(false)} />}
      {opened !== null && <Entry row={opened} onClose={() => setOpened(null)} />}
    </section>
  )
}
