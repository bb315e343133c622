import { findProvider } from '@countersign/schema/providers'
import { ArrowLeft, ExternalLink, RefreshCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { ItemDetail } from '../../../shared/views.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ListSkeleton } from '../../ui/empty-state.tsx'
import { ago } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'
import { useNow } from '../../ui/use-now.ts'
import { useShortcuts } from '../../ui/use-shortcuts.ts'
import { ChooseVersion } from './choose-version.tsx'
import { History } from './history.tsx'
import { RotateCredential } from './rotate-credential.tsx'
import { SecretField } from './secret-field.tsx'
import { Snippets } from './snippets.tsx'
import { WhoReads } from './who-reads.tsx'

const DeleteDialog = ({
  detail,
  onClose,
  onDeleted,
}: {
  detail: ItemDetail
  onClose: () => void
  onDeleted: () => void
}) => {
  const remove = useAction('item.delete')
  const confirm = async (): Promise<void> => {
    if ((await remove.run({ item: detail.row.item, base: detail.row.version })) === null) return
    toast('good', `${detail.row.name} deleted`)
    onDeleted()
  }
  return (
    <Dialog
      title={`Delete ${detail.row.name}?`}
      onClose={onClose}
      onSubmit={() => void confirm()}
      foot={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" submit busy={remove.busy}>
            Delete
          </Button>
        </>
      }
    >
      <p>
        {detail.bindings.length === 0
          ? 'No program reads it.'
          : `${detail.bindings.length} ${detail.bindings.length === 1 ? 'program reads it and gets' : 'programs read it and get'} “not found” from now on.`}{' '}
        The provider’s key itself stays valid until you revoke it there.
      </p>
      {remove.error !== null && <Refusal error={remove.error} />}
    </Dialog>
  )
}

export const CredentialDetail = ({ item, onBack }: { item: string; onBack: () => void }) => {
  const loaded = useLoaded('item.get', { item }, ['items', 'bindings', 'members', 'vaults'])
  const [dialog, setDialog] = useState<'rotate' | 'delete' | null>(null)
  const now = useNow()
  const goBack = (
    <Button kind="quiet" iconOnly aria-label="Back to credentials" title="Back (Esc)" onClick={onBack}>
      <ArrowLeft size={16} aria-hidden />
    </Button>
  )
  useShortcuts({ Escape: onBack })
  if (loaded.state !== 'ready') {
    return (
      <section className="page" aria-label="Credential">
        <header className="page-head">
          {goBack}
          <h1>Credential</h1>
        </header>
        {loaded.state === 'loading' ? (
          <ListSkeleton rows={3} />
        ) : (
          <div className="page-pad">
            <Refusal error={loaded.error} onRetry={loaded.reload} />
          </div>
        )}
      </section>
    )
  }
  const detail = loaded.value
  const { row } = detail
  const provider = findProvider(row.provider)
  const holds = row.level === 'hold'
  return (
    <section className="page" aria-label={row.name}>
      <header className="page-head">
        {goBack}
        <Monogram text={provider?.label ?? row.provider} seed={row.provider} />
        <div className="grow">
          <h1 className="clip">{row.name}</h1>
          <div className="faint clip">
            {provider?.label ?? row.provider} · {row.vaultName} / {row.environmentName} · version{' '}
            {row.version}
          </div>
        </div>
        {provider?.consoleUrl != null && (
          <Button onClick={() => void window.countersign.openConsole(row.provider)}>
            <ExternalLink size={14} aria-hidden /> Provider console
          </Button>
        )}
        {holds && (
          <>
            <Button kind="primary" onClick={() => setDialog('rotate')}>
              <RefreshCw size={14} aria-hidden /> Rotate
            </Button>
            <Button
              kind="quiet"
              iconOnly
              aria-label="Delete"
              title="Delete"
              onClick={() => setDialog('delete')}
            >
              <Trash2 size={15} aria-hidden />
            </Button>
          </>
        )}
      </header>
      <div className="page-body">
        <div className="detail">
          <div className="stack">
            {row.conflict && <ChooseVersion item={row.item} mayChoose={holds} onDeleted={onBack} />}
            {!holds && (
              <Notice title={row.level === 'request' ? 'You may ask to use this' : 'You see its name only'}>
                {row.level === 'request'
                  ? 'A program of yours asks to bind; approvers decide by touching their keys, and only then can this computer open it.'
                  : 'This computer has no key that opens it.'}
              </Notice>
            )}
            <div className="card">
              {detail.fields.map((field) => (
                <SecretField key={field.name} item={row.item} field={field} mayReveal={holds} />
              ))}
            </div>
            {detail.note !== '' && (
              <div className="card">
                <div className="card-head">
                  <h2>Note</h2>
                </div>
                <p className="card-body detail-note">{detail.note}</p>
              </div>
            )}
            <Snippets detail={detail} />
            <WhoReads detail={detail} now={now} />
          </div>
          <aside className="stack" aria-label="History">
            <h2>History</h2>
            <History detail={detail} mayRollBack={holds} />
            <p className="faint">
              Last changed by {row.updatedBy.name}, {ago(row.updatedAt, now)}.
            </p>
          </aside>
        </div>
      </div>
      {dialog === 'rotate' && <RotateCredential detail={detail} onClose={() => setDialog(null)} />}
      {dialog === 'delete' && (
        <DeleteDialog detail={detail} onClose={() => setDialog(null)} onDeleted={onBack} />
      )}
    </section>
  )
}
