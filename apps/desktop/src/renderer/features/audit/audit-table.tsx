import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect } from 'react'
import type { AuditRow } from '../../../shared/views.ts'
import { Badge } from '../../ui/badge.tsx'
import { when } from '../../ui/format.ts'

const ROW_HEIGHT = 36

interface AuditTableProps {
  rows: readonly AuditRow[]
  scroller: RefObject<HTMLDivElement | null>
  /** The end of what is loaded came into view. */
  onEnd: () => void
  onOpen: (row: AuditRow) => void
}

/** The log, newest first; only the rows in view are in the page, however long it is. */
export const AuditTable = ({ rows, scroller, onEnd, onOpen }: AuditTableProps) => {
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 20,
  })
  const places = virtual.getVirtualItems()
  const last = places.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= rows.length - 40) onEnd()
  }, [last, rows.length, onEnd])
  return (
    <table className="audit-table">
      <thead>
        <tr>
          <th>When</th>
          <th>Who</th>
          <th>What</th>
          <th>On</th>
          <th>Outcome</th>
          <th>Proved by</th>
        </tr>
      </thead>
      <tbody style={{ height: virtual.getTotalSize() }}>
        {places.map((place) => {
          const row = rows[place.index]
          return (
            row !== undefined && (
              <tr key={row.id} style={{ transform: `translateY(${place.start}px)` }}>
                <td>
                  <button
                    type="button"
                    className="audit-open"
                    aria-label={`Details of entry ${row.seq}, ${when(row.time)}`}
                    onClick={() => onOpen(row)}
                  >
                    {when(row.time)}
                  </button>
                </td>
                <td className="clip" title={row.actor}>
                  {row.actor}
                </td>
                <td className="clip" title={row.detail}>
                  {row.action} {row.detail !== '' && <span className="faint">{row.detail}</span>}
                </td>
                <td className="clip soft" title={row.target}>
                  {row.target}
                </td>
                <td className="clip">
                  {row.outcome === 'ok' ? (
                    <span className="faint">ok</span>
                  ) : (
                    <Badge tone="warn">{row.outcome}</Badge>
                  )}
                </td>
                <td className="faint mono">
                  {row.verified ? `${row.source} #${row.seq}` : <Badge tone="bad">unverified</Badge>}
                </td>
              </tr>
            )
          )
        })}
      </tbody>
    </table>
  )
}
