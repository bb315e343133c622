import { useState } from 'react'
import type { RequestRow } from '../../../shared/views.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ListSkeleton } from '../../ui/empty-state.tsx'
import { TextArea } from '../../ui/field.tsx'
import { left, when } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { QuorumSlots } from '../../ui/quorum-slots.tsx'
import { RequestFacts } from '../../ui/request-facts.tsx'
import { requestTitle } from '../../ui/request-title.ts'
import { isOpen, requestState } from '../../ui/request-words.ts'
import { toast } from '../../ui/toasts.tsx'
import { useNow } from '../../ui/use-now.ts'

const DenyDialog = ({ request, onClose }: { request: string; onClose: () => void }) => {
  const deny = useAction('request.deny')
  const [reason, setReason] = useState('')
  const save = async (): Promise<void> => {
    if ((await deny.run({ request, reason })) === null) return
    toast('good', 'Request denied', 'The program is told, with your reason.')
    onClose()
  }
  return (
    <Dialog
      title="Deny this request"
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" submit busy={deny.busy}>
            Deny
          </Button>
        </>
      }
    >
      <TextArea
        label="Reason (optional)"
        hint="Shown to the person who asked."
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
      {deny.error !== null && <Refusal error={deny.error} />}
    </Dialog>
  )
}

const HandOver = ({ row }: { row: RequestRow }) =>
  row.kind === 'binding' ? (
    <Notice title="Approved. A holder’s app hands over the key">
      It happens by itself as soon as somebody who holds this environment is unlocked and online.
    </Notice>
  ) : (
    <Notice title={`Approved. ${row.requester.name}’s app makes the change`}>
      It happens by itself as soon as they are unlocked and online.
    </Notice>
  )

export const RequestDetail = ({ request }: { request: string }) => {
  const loaded = useLoaded('request.get', { request }, ['requests'])
  const sign = useAction('request.openSigning')
  const withdraw = useAction('request.withdraw')
  const cancel = useAction('request.cancel')
  const release = useAction('request.release')
  const [denying, setDenying] = useState(false)
  const now = useNow(5000)
  if (loaded.state === 'loading') return <ListSkeleton rows={5} />
  if (loaded.state === 'failed') return <Refusal error={loaded.error} onRetry={loaded.reload} />
  const detail = loaded.value
  const { row } = detail
  const error = sign.error ?? withdraw.error ?? cancel.error ?? release.error
  return (
    <div className="stack">
      <div className="row">
        <h2 className="grow request-title">{requestTitle(row)}</h2>
        <Badge tone={requestState[row.state].tone}>{requestState[row.state].label}</Badge>
      </div>
      <p className="soft">
        {row.requester.name} {row.kind === 'binding' ? 'asks for' : 'asks to change'}{' '}
        <strong>{row.target}</strong>
        {row.kind === 'binding' && row.reason !== '' && <>: “{row.reason}”</>}
      </p>
      {(row.approvals.length > 0 || row.state === 'pending') && (
        <div>
          <QuorumSlots row={row} />
          {row.state === 'pending' && <p className="faint">{left(row.expiresAt, now)} to decide</p>}
        </div>
      )}
      {row.state === 'denied' && (
        <Notice tone="bad" title={`Denied by ${detail.deniedBy?.name ?? 'an approver'}`}>
          {detail.denyReason}
        </Notice>
      )}
      {row.state === 'awaiting_release' && <HandOver row={row} />}
      {error !== null && <Refusal error={error} />}
      {isOpen(row) && (
        <div className="row">
          {row.mine === 'can_approve' && (
            <>
              <Button kind="primary" busy={sign.busy} onClick={() => void sign.run({ request })}>
                Review and sign…
              </Button>
              <Button kind="danger" onClick={() => setDenying(true)}>
                Deny
              </Button>
            </>
          )}
          {row.mine === 'approved' && row.state === 'pending' && (
            <Button busy={withdraw.busy} onClick={() => void withdraw.run({ request })}>
              Take my approval back
            </Button>
          )}
          {row.mine === 'requested' && (
            <Button busy={cancel.busy} onClick={() => void cancel.run({ request, reason: '' })}>
              Withdraw the request
            </Button>
          )}
          {row.mine === 'can_release' && (
            <Button kind="primary" busy={release.busy} onClick={() => void release.run({ request })}>
              {row.kind === 'binding' ? 'Release now' : 'Make it now'}
            </Button>
          )}
        </div>
      )}
      <div className="card">
        <div className="card-body">
          <RequestFacts detail={detail} />
        </div>
      </div>
      {row.approvals.length > 0 && (
        <div className="card">
          <div className="card-head">
            <h3>Approved by</h3>
          </div>
          <ul className="card-body stack">
            {row.approvals.map((approval) => (
              <li key={approval.person.member} className="row">
                <strong>{approval.person.name}</strong>
                <span className="faint grow">{when(approval.at)}, with their security key</span>
                {approval.narrowed && <Badge tone="accent">narrowed</Badge>}
              </li>
            ))}
          </ul>
        </div>
      )}
      {denying && <DenyDialog request={request} onClose={() => setDenying(false)} />}
    </div>
  )
}
