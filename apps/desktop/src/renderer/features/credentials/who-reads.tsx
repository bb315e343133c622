import type { ItemDetail } from '../../../shared/views.ts'
import { Badge } from '../../ui/badge.tsx'
import { left } from '../../ui/format.ts'
import { namesInWords } from '../../ui/names-in-words.ts'

/** Who can open the value, and by whose word; what a program that cannot would need. */
export const WhoReads = ({ detail, now }: { detail: ItemDetail; now: number }) => {
  const { access, bindings, row } = detail
  return (
    <div className="card">
      <div className="card-head">
        <h2 className="grow">Who can read it</h2>
        <span className="faint">
          {access.holders.length} {access.holders.length === 1 ? 'person' : 'people'}, {bindings.length}{' '}
          {bindings.length === 1 ? 'program' : 'programs'}
        </span>
      </div>
      <ul>
        <li className="detail-field who-row">
          <span title={access.holders.map(({ name }) => name).join(', ')}>
            {namesInWords(access.holders.map(({ name }) => name))}
          </span>
          <span className="soft clip who-hold">
            hold {row.vaultName} / {row.environmentName}
          </span>
        </li>
        {bindings.map((binding) => (
          <li key={binding.binding} className="detail-field who-row">
            <span className="clip" title={binding.application}>
              {binding.application} <span className="soft">of {binding.person.name}</span>
            </span>
            <span className="soft clip">
              {binding.approvedBy.length === 0
                ? 'no approval needed'
                : `approved by ${namesInWords(binding.approvedBy.map(({ name }) => name))}`}
            </span>
            <Badge>{left(binding.expiresAt, now)}</Badge>
          </li>
        ))}
      </ul>
      <p className="card-body faint">
        Another program needs {access.rule === null ? 'no approval' : `the approval of ${access.rule}`}.
      </p>
    </div>
  )
}
