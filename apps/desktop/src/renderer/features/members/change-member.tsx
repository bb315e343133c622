import { useState } from 'react'
import type { MemberView, VaultView } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'
import { type AccessChoice, AccessEdit } from './access-edit.tsx'
import { RoleEdit } from './role-edit.tsx'

const sameRoles = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each) => b.includes(each))

export const ChangeMember = ({
  member,
  vaults,
  onClose,
}: {
  member: MemberView
  vaults: readonly VaultView[]
  onClose: () => void
}) => {
  const changeRoles = useAction('member.roles')
  const changeAccess = useAction('member.access')
  const before: AccessChoice[] = member.access.map(({ environment, level, approve }) => ({
    environment,
    level,
    approve,
  }))
  const [roles, setRoles] = useState(member.roles)
  const [access, setAccess] = useState(before)
  const changed = access.filter((each) => {
    const was = before.find((old) => old.environment === each.environment)
    return (was?.level ?? 'none') !== each.level || (was?.approve ?? false) !== each.approve
  })
  const save = async (): Promise<void> => {
    const results = []
    if (!sameRoles(roles, member.roles)) results.push(await changeRoles.run({ member: member.member, roles }))
    if (changed.length > 0) results.push(await changeAccess.run({ member: member.member, access: changed }))
    if (results.includes(null)) return
    const asked = results.some((each) => each !== null && !each.applied)
    toast(
      'good',
      asked ? 'Approval is asked' : `${member.name} changed`,
      asked ? 'It takes effect once the approvers have signed.' : '',
    )
    onClose()
  }
  const error = changeRoles.error ?? changeAccess.error
  return (
    <Dialog
      title={`Change ${member.name}`}
      wide
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            kind="primary"
            submit
            busy={changeRoles.busy || changeAccess.busy}
            disabled={changed.length === 0 && sameRoles(roles, member.roles)}
          >
            Save
          </Button>
        </>
      }
    >
      <RoleEdit value={roles} onChange={setRoles} />
      <div className="field">
        <span className="field-label">Access</span>
        <AccessEdit vaults={vaults} value={access} onChange={setAccess} />
      </div>
      {error !== null && <Refusal error={error} />}
    </Dialog>
  )
}
