import { findProvider } from '@countersign/schema/providers'
import type { WorklistRow } from '../../../shared/views.ts'
import { go } from '../../data/app-store.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { when } from '../../ui/format.ts'

/** The provider keys a removed member really read: new keys in the vault do not unlearn them, a rotation at the provider does. */
export const Worklist = ({ rows }: { rows: readonly WorklistRow[] }) => (
  <table className="table">
    <thead>
      <tr>
        <th>Credential</th>
        <th>Read by</th>
        <th>State</th>
        <th>
          <span className="visually-hidden">Actions</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {rows.map((row) => (
        <tr key={`${row.item}-${row.member.member}`}>
          <td>
            <strong>{row.name}</strong>
            <div className="faint">
              {findProvider(row.provider)?.label ?? row.provider} · {row.where}
            </div>
          </td>
          <td>
            {row.member.name}
            <div className="faint">
              {row.readCount}×, last {when(row.lastRead)}
            </div>
          </td>
          <td>
            <Badge tone={row.done ? 'good' : 'warn'}>{row.done ? 'rotated' : 'rotate'}</Badge>
          </td>
          <td>
            {!row.done && (
              <Button size="small" onClick={() => go('credentials', row.item)}>
                Open
              </Button>
            )}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
)
