import { SquareTerminal } from 'lucide-react'
import { useState } from 'react'
import type { BindingView } from '../../../shared/views.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { EmptyState, ListSkeleton } from '../../ui/empty-state.tsx'
import { TextArea } from '../../ui/field.tsx'
import { ago, left } from '../../ui/format.ts'
import { Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'
import { useNow } from '../../ui/use-now.ts'
import './apps.css'

const tones: Record<BindingView['state'], Tone> = { active: 'good', revoked: 'bad', expired: 'neutral' }

/** Those that may read first, then by what runs out first. */
const inOrder = (bindings: readonly BindingView[]): BindingView[] =>
  bindings.toSorted(
    (a, b) => Number(b.state === 'active') - Number(a.state === 'active') || a.expiresAt - b.expiresAt,
  )

/** What is left of a lease, as a picture. */
const LeaseBar = ({ binding, now }: { binding: BindingView; now: number }) => {
  const share = Math.max(0, Math.min(1, (binding.expiresAt - now) / (binding.expiresAt - binding.issuedAt)))
  const words = left(binding.expiresAt, now)
  return (
    <div style={{ width: 120 }}>
      <div className="bar" data-tone={share < 0.15 ? 'warn' : undefined} role="img" aria-label={words}>
        <i style={{ width: `${share * 100}%` }} />
      </div>
      <span className="faint">{words}</span>
    </div>
  )
}

const RevokeDialog = ({ binding, onClose }: { binding: BindingView; onClose: () => void }) => {
  const revoke = useAction('binding.revoke')
  const [reason, setReason] = useState('')
  const save = async (): Promise<void> => {
    if ((await revoke.run({ binding: binding.binding, reason })) === null) return
    toast(
      'good',
      `${binding.application} is revoked`,
      'Its next read is refused, on every connected computer within a second.',
    )
    onClose()
  }
  return (
    <Dialog
      title={`Revoke ${binding.application}?`}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" submit busy={revoke.busy}>
            Revoke
          </Button>
        </>
      }
    >
      <p>
        {binding.person.name}’s program can no longer read{' '}
        {binding.terms.items.map((item) => item.name).join(', ')}. What it has read already it may have kept:
        rotate the key if that matters.
      </p>
      <TextArea
        label="Reason (optional)"
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
      {revoke.error !== null && <Refusal error={revoke.error} />}
    </Dialog>
  )
}

export const AppsPage = () => {
  const loaded = useLoaded('bindings.list', {}, ['bindings', 'requests', 'items'])
  const [revoking, setRevoking] = useState<BindingView | null>(null)
  const now = useNow()
  return (
    <section className="page" aria-label="Apps">
      <header className="page-head">
        <h1>Apps</h1>
        <span className="faint">programs that are bound to credentials</span>
      </header>
      <div className="page-body">
        {loaded.state === 'loading' && <ListSkeleton />}
        {loaded.state === 'failed' && (
          <div className="page-pad">
            <Refusal error={loaded.error} onRetry={loaded.reload} />
          </div>
        )}
        {loaded.state === 'ready' && loaded.value.length === 0 && (
          <EmptyState icon={SquareTerminal} title="No program is bound yet">
            <p>
              In a terminal: <code>countersign bind --help</code>, or <code>POST /v1/bindings</code> on the
              local API.
            </p>
          </EmptyState>
        )}
        {loaded.state === 'ready' && loaded.value.length > 0 && (
          <table className="table apps-table">
            <thead>
              <tr>
                <th>Program</th>
                <th>May read</th>
                <th>Approved by</th>
                <th>Reads</th>
                <th>Lease</th>
                <th>State</th>
                <th>
                  <span className="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {inOrder(loaded.value).map((binding) => (
                <tr key={binding.binding}>
                  <td>
                    <strong className="app-name">{binding.application}</strong>
                    <div className="faint">
                      {binding.person.name}
                      {binding.here && ' · this computer'}
                    </div>
                  </td>
                  <td>
                    {binding.terms.items.map((item) => item.name).join(', ')}
                    <div className="faint">
                      {binding.terms.vaultName} / {binding.terms.environmentName}
                      {binding.terms.mode === 'broker' && ' · broker only'}
                    </div>
                  </td>
                  <td className="soft">
                    {binding.approvedBy.map((person) => person.name).join(', ') || 'policy'}
                  </td>
                  <td className="soft nowrap">
                    {binding.reads.toLocaleString()}
                    {binding.lastRead !== null && <div className="faint">{ago(binding.lastRead, now)}</div>}
                  </td>
                  <td>{binding.state === 'active' ? <LeaseBar binding={binding} now={now} /> : '—'}</td>
                  <td>
                    <Badge tone={tones[binding.state]}>{binding.state}</Badge>
                  </td>
                  <td>
                    {binding.state === 'active' && (
                      <Button kind="danger" size="small" onClick={() => setRevoking(binding)}>
                        Revoke
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      {revoking !== null && <RevokeDialog binding={revoking} onClose={() => setRevoking(null)} />}
    </section>
  )
}
