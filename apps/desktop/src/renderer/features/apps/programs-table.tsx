import type { BindingView, PersonView } from '../../../shared/views.ts'
import { Badge, type Tone } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { ago } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'
import { LeaseBar } from './lease-bar.tsx'

const tones: Record<BindingView['state'], Tone> = { active: 'good', revoked: 'bad', expired: 'neutral' }

const ApprovedBy = ({ people }: { people: readonly PersonView[] }) => {
  if (people.length === 0) return <span className="soft">nobody had to</span>
  const names = people.map((person) => person.name).join(', ')
  return (
    <span className="approved-by" title={names}>
      {people.map((person) => (
        <Monogram key={person.member} text={person.name} seed={person.member} size="small" />
      ))}
      <span className={people.length > 1 ? 'visually-hidden' : 'clip'}>{names}</span>
    </span>
  )
}

interface ProgramsTableProps {
  bindings: readonly BindingView[]
  now: number
  onRevoke: (binding: BindingView) => void
}

export const ProgramsTable = ({ bindings, now, onRevoke }: ProgramsTableProps) => (
  <table className="table apps-table">
    <thead>
      <tr>
        <th>Program</th>
        <th>May read</th>
        <th>Approved by</th>
        <th>Reads</th>
        <th>Lease</th>
        <th>
          <span className="visually-hidden">Actions</span>
        </th>
      </tr>
    </thead>
    <tbody>
      {bindings.map((binding) => {
        const items = binding.terms.items.map((item) => item.name).join(', ')
        return (
          <tr key={binding.binding} data-ended={binding.state === 'active' ? undefined : ''}>
            <td>
              <strong className="app-name clip" title={binding.application}>
                {binding.application}
              </strong>
              <div className="faint clip">
                {binding.person.name}
                {binding.here && ' · this computer'}
              </div>
            </td>
            <td>
              <div className="clip" title={items}>
                {items}
              </div>
              <div className="faint clip">
                {binding.terms.vaultName} / {binding.terms.environmentName}
                {binding.terms.mode === 'broker' && ' · broker only'}
              </div>
            </td>
            <td>
              <ApprovedBy people={binding.approvedBy} />
            </td>
            <td className="nowrap">
              {binding.reads.toLocaleString()}
              <div className="faint">{binding.lastRead === null ? 'never' : ago(binding.lastRead, now)}</div>
            </td>
            <td>
              {binding.state === 'active' ? (
                <LeaseBar binding={binding} now={now} />
              ) : (
                <Badge tone={tones[binding.state]}>{binding.state}</Badge>
              )}
            </td>
            <td>
              {binding.state === 'active' && (
                <Button kind="quiet-danger" size="small" onClick={() => onRevoke(binding)}>
                  Revoke
                </Button>
              )}
            </td>
          </tr>
        )
      })}
    </tbody>
  </table>
)
