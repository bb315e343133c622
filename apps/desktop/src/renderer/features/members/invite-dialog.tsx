import { useState } from 'react'
import type { MemberView, VaultView } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextField } from '../../ui/field.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { type AccessChoice, AccessEdit, withNames } from './access-edit.tsx'
import { InviteExchange } from './invite-exchange.tsx'
import { type Role, RoleEdit } from './role-edit.tsx'

const DAY = 86_400_000

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
  /** An auditor reads names everywhere unless somebody takes it away: else the log says “a credential”, and not which. */
  const changeRoles = (next: Role[]): void => {
    setRoles(next)
    if (next.includes('auditor') && !roles.includes('auditor')) setAccess(withNames(vaults, access))
  }
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
      <RoleEdit value={roles} onChange={changeRoles} />
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
