import { useVirtualizer } from '@tanstack/react-virtual'
import { type RefObject, useEffect, useState } from 'react'
import { UNREADABLE } from '../../../shared/audit-outcome.ts'
import type { AuditRow } from '../../../shared/views.ts'
import { Badge } from '../../ui/badge.tsx'
import { when } from '../../ui/format.ts'
import { listKeys } from '../../ui/list-keys.ts'
import { useShortcuts } from '../../ui/use-shortcuts.ts'

const ROW_HEIGHT = 36

const openerId = (row: AuditRow): string => `entry-${row.id}`

/** What this computer has no key to is no fault of anybody's: said, and not as a warning. */
const Outcome = ({ outcome }: { outcome: string }) =>
  outcome === 'ok' || outcome === UNREADABLE ? (
    <span className="faint">{outcome}</span>
  ) : (
    <Badge tone="warn">{outcome}</Badge>
  )

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
  const [selected, setSelected] = useState(-1)
  const move = (by: number): void => {
    const next = Math.min(rows.length - 1, Math.max(0, selected + by))
    const row = rows[next]
    if (row === undefined) return
    setSelected(next)
    virtual.scrollToIndex(next)
    requestAnimationFrame(() => document.getElementById(openerId(row))?.focus())
  }
  useShortcuts(listKeys(move))
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
                    id={openerId(row)}
                    className="audit-open"
                    onFocus={() => setSelected(place.index)}
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
                  <Outcome outcome={row.outcome} />
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
