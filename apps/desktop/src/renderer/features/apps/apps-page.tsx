import { SearchX, SquareTerminal } from 'lucide-react'
import { useState } from 'react'
import type { BindingView } from '../../../shared/views.ts'
import { useLoaded } from '../../data/use-call.ts'
import { useMore } from '../../data/use-more.ts'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { OlderRows } from '../../ui/older-rows.tsx'
import { SearchField } from '../../ui/search-field.tsx'
import { useNow } from '../../ui/use-now.ts'
import { ProgramsTable } from './programs-table.tsx'
import { RevokeDialog } from './revoke-dialog.tsx'
import './apps.css'

export const AppsPage = () => {
  const [typed, setTyped] = useState('')
  const { limit, showMore } = useMore()
  const loaded = useLoaded('bindings.list', { limit, text: typed }, ['bindings', 'requests', 'items'])
  const [revoking, setRevoking] = useState<BindingView | null>(null)
  const now = useNow()
  const { rows, more } = loaded.state === 'ready' ? loaded.value : { rows: [], more: false }
  const none = loaded.state === 'ready' && rows.length === 0 && !more
  return (
    <section className="page" aria-label="Programs">
      <header className="page-head">
        <h1>Programs</h1>
        <span className="faint grow clip">bound to credentials on the team’s computers</span>
        <SearchField label="Search programs" value={typed} onChange={setTyped} />
      </header>
      <div className="page-body">
        {loaded.state === 'loading' && <ListSkeleton />}
        {loaded.state === 'failed' && (
          <div className="page-pad">
            <Refusal error={loaded.error} onRetry={loaded.reload} />
          </div>
        )}
        {none && typed.trim() === '' && (
          <EmptyState icon={SquareTerminal} title="No program is bound yet">
            <p>
              In a terminal: <code>countersign bind --help</code>, or <code>POST /v1/bindings</code> on the
              local API.
            </p>
            <p>
              Programs are served while this app is unlocked. What runs unattended belongs on a headless
              agent.
            </p>
          </EmptyState>
        )}
        {none && typed.trim() !== '' && (
          <EmptyState icon={SearchX} title="Nothing matches">
            <p>Try fewer words.</p>
          </EmptyState>
        )}
        {rows.length > 0 && <ProgramsTable bindings={rows} now={now} onRevoke={setRevoking} />}
        {more && <OlderRows what="programs" onShow={showMore} />}
      </div>
      {revoking !== null && <RevokeDialog binding={revoking} onClose={() => setRevoking(null)} />}
    </section>
  )
}
