import { useState } from 'react'
import type { MemberView, VaultView } from '../../../shared/views.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { type AccessChoice, AccessEdit } from './access-edit.tsx'
import { type Role, RoleEdit } from './role-edit.tsx'

const DAY = 86_400_000

/** The exchange after the link was sent: wait, compare the code, done. Follows the invite live. */
const InviteExchange = ({ invite, link, onClose }: { invite: string; link: string; onClose: () => void }) => {
  const invites = useLoaded('invites.list', {}, ['invites'])
  const confirm = useAction('invite.confirm')
  const view = invites.state === 'ready' ? invites.value.find((each) => each.invite === invite) : undefined
  const state = view?.state ?? 'waiting'
  return (
    <Dialog
      title={view === undefined ? 'Invite' : `Invite ${view.name}`}
      onClose={onClose}
      foot={<Button onClick={onClose}>{state === 'joined' ? 'Done' : 'Close'}</Button>}
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
          <div className="row">
            <Button
              kind="primary"
              busy={confirm.busy}
              onClick={() => void confirm.run({ invite, same: true })}
            >
              The codes are the same
            </Button>
            <Button
              kind="danger"
              disabled={confirm.busy}
              onClick={() => void confirm.run({ invite, same: false })}
            >
              They differ
            </Button>
          </div>
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

interface InviteDialogProps {
  vaults: readonly VaultView[]
  /** An invite already under way, to follow. */
  follow: string | null
  /** Somebody who is invited again, with what they had. */
  again: MemberView | null
  onClose: () => void
}

export const InviteDialog = ({ vaults, follow, again, onClose }: InviteDialogProps) => {
  const create = useAction('invite.create')
  const [name, setName] = useState(again?.name ?? '')
  const [roles, setRoles] = useState<Role[]>(again?.roles ?? ['developer'])
  const [access, setAccess] = useState<AccessChoice[]>(
    again?.access.map(({ environment, level, approve }) => ({ environment, level, approve })) ?? [],
  )
  const [made, setMade] = useState<{ invite: string; link: string } | null>(
    follow === null ? null : { invite: follow, link: '' },
  )
  if (made !== null) return <InviteExchange invite={made.invite} link={made.link} onClose={onClose} />
  const save = async (): Promise<void> => {
    const view = await create.run({ name: name.trim(), roles, access, expiresInMs: DAY })
    if (view?.link != null) setMade({ invite: view.invite, link: view.link })
  }
  return (
    <Dialog
      title="Invite a member"
      wide
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="primary" submit busy={create.busy} disabled={name.trim() === ''}>
            Make invite link
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        value={name}
        maxLength={100}
        onChange={(event) => setName(event.target.value)}
      />
      <RoleEdit value={roles} onChange={setRoles} />
      <div className="field">
        <span className="field-label">Access</span>
        <span className="field-hint">
          To hold is to have the key. Who may only ask gets, after approval, exactly what was approved.
        </span>
        <AccessEdit vaults={vaults} value={access} onChange={setAccess} />
      </div>
      {create.error !== null && <Refusal error={create.error} />}
    </Dialog>
  )
}
