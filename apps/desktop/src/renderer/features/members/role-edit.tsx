import type { MemberView } from '../../../shared/views.ts'
import { CheckField } from '../../ui/field.tsx'

export type Role = MemberView['roles'][number]

const roles: { role: Role; hint: string }[] = [
  { role: 'admin', hint: 'changes members and policies' },
  { role: 'developer', hint: 'works with environments' },
  {
    role: 'auditor',
    hint: 'reads the whole audit; with “see names” it says which credential; opens no value',
  },
]

export const RoleEdit = ({
  value,
  onChange,
}: {
  value: readonly Role[]
  onChange: (value: Role[]) => void
}) => (
  <div className="field">
    <span className="field-label">Roles</span>
    {roles.map(({ role, hint }) => (
      <CheckField
        key={role}
        label={role}
        hint={hint}
        checked={value.includes(role)}
        onChange={(event) =>
          onChange(event.target.checked ? [...value, role] : value.filter((each) => each !== role))
        }
      />
    ))}
  </div>
)
