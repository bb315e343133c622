import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'

/** The exchange after the link was sent: wait, compare the code, done. Follows the invite live. */
export const InviteExchange = ({
  invite,
  link,
  onClose,
}: {
  invite: string
  link: string
  onClose: () => void
}) => {
  const invites = useLoaded('invites.list', {}, ['invites'])
  const confirm = useAction('invite.confirm')
  const view = invites.state === 'ready' ? invites.value.find((each) => each.invite === invite) : undefined
  const state = view?.state ?? 'waiting'
  return (
    <Dialog
      title={view === undefined ? 'Invite' : `Invite ${view.name}`}
      onClose={onClose}
      foot={
        <>
          <span className={state === 'code' ? 'apart' : undefined}>
            <Button kind={state === 'joined' ? 'primary' : 'plain'} onClick={onClose}>
              {state === 'joined' ? 'Done' : 'Close'}
            </Button>
          </span>
          {state === 'code' && (
            <>
              <Button
                kind="danger"
                disabled={confirm.busy}
                onClick={() => void confirm.run({ invite, same: false })}
              >
                They differ
              </Button>
              <Button
                kind="primary"
                busy={confirm.busy}
                onClick={() => void confirm.run({ invite, same: true })}
              >
                The codes are the same
              </Button>
            </>
          )}
        </>
      }
    >
      {state === 'waiting' && (
        <>
          <p>Send this link to one person, over something only they read. It works once.</p>
          <div className="secret-link" data-testid="invite-link">
            {link}
          </div>
          <Notice tone="warn">
            Shown only now. Whoever has it can try to join until you both compare a code.
          </Notice>
        </>
      )}
      {state === 'code' && view?.code != null && (
        <>
          <p>
            {view.name} opened the invite. Talk to them, by voice: both screens must show the same six digits.
          </p>
          <div className="code-pair" data-testid="short-code">
            {view.code.slice(0, 3)} {view.code.slice(3)}
          </div>
          <p className="soft">If they differ, somebody is in between: say so, and nobody is added.</p>
        </>
      )}
      {state === 'confirmed_here' && (
        <p className="soft">Confirmed here. Waiting for {view?.name} to confirm as well…</p>
      )}
      {state === 'needs_approval' && (
        <Notice title="This membership needs approval">
          The environments’ approvers are asked; it takes effect once they have signed.
        </Notice>
      )}
      {state === 'joined' && (
        <Notice tone="good" title={`${view?.name} is a member`}>
          Their app has the keys of their environments.
        </Notice>
      )}
      {(state === 'declined' || state === 'expired' || state === 'failed') && (
        <Notice
          tone="bad"
          title={state === 'expired' ? 'The invite has expired' : 'The invite did not go through'}
        >
          {view?.error ?? 'Nobody was added. Make a new invite.'}
        </Notice>
      )}
      {confirm.error !== null && <Refusal error={confirm.error} />}
    </Dialog>
  )
}
