import { findProvider } from '@countersign/schema/providers'
import type { ItemRow } from '../../../shared/views.ts'
import { go } from '../../data/app-store.ts'
import { Badge } from '../../ui/badge.tsx'
import { agoShort, when } from '../../ui/format.ts'
import { Monogram } from '../../ui/monogram.tsx'

export const rowId = (item: string): string => `item-${item}`

export const CredentialRow = ({ row, now, onFocus }: { row: ItemRow; now: number; onFocus: () => void }) => {
  const provider = findProvider(row.provider)?.label ?? row.provider
  return (
    <button
      type="button"
      id={rowId(row.item)}
      className="item-row"
      onFocus={onFocus}
      onClick={() => go('credentials', row.item)}
    >
      <Monogram text={provider} seed={row.provider} size="small" />
      <span className="item-name clip" title={row.name}>
        {row.name}
      </span>
      <span className="soft clip">{provider}</span>
      <span className="item-badges">
        {row.conflict && <Badge tone="bad">choose a version</Badge>}
        {row.rotationDue && <Badge tone="warn">rotate</Badge>}
      </span>
      <span className="faint item-number">
        {row.bindings > 0 && `${row.bindings} ${row.bindings === 1 ? 'program' : 'programs'}`}
      </span>
      <span className="faint item-number">v{row.version}</span>
      <span className="faint clip item-by">{row.updatedBy.name}</span>
      <span className="faint item-number" title={when(row.updatedAt)}>
        {agoShort(row.updatedAt, now)}
      </span>
    </button>
  )
}
