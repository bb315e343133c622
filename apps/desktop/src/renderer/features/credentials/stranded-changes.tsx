import type { StrandedRow } from '../../../shared/views.ts'
import { go } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { ActionList, ActionRow } from '../../ui/action-list.tsx'
import { Button } from '../../ui/button.tsx'
import { ago } from '../../ui/format.ts'
import { useNow } from '../../ui/use-now.ts'

const Row = ({ row, now }: { row: StrandedRow; now: number }) => {
  const retry = useAction('stranded.retry')
  const discard = useAction('stranded.discard')
  return (
    <ActionRow
      name={row.name}
      about={`${row.place} · ${row.change === 'delete' ? 'deletion' : 'change'}, ${ago(row.at, now)}`}
      error={retry.error ?? discard.error}
      actions={
        <>
          {row.listed ? (
            <Button size="small" onClick={() => go('credentials', row.item)}>
              Choose a version
            </Button>
          ) : (
            <Button size="small" busy={retry.busy} onClick={() => void retry.run({ id: row.id })}>
              {row.nameOnRetry === null || row.nameOnRetry === row.name
                ? 'Try again'
                : `Add as “${row.nameOnRetry}”`}
            </Button>
          )}
          <Button
            size="small"
            kind="danger"
            busy={discard.busy}
            aria-label={`Discard the change of ${row.name}`}
            onClick={() => void discard.run({ id: row.id })}
          >
            Discard
          </Button>
        </>
      }
    >
      {row.message}
    </ActionRow>
  )
}

/** Changes made offline that could not be made: kept here until their author decides (P19). */
export const StrandedChanges = () => {
  const now = useNow(30_000)
  const loaded = useLoaded('stranded.list', {}, ['items'])
  if (loaded.state !== 'ready' || loaded.value.length === 0) return null
  const { value: rows } = loaded
  return (
    <div className="banner">
      <ActionList
        label="Changes that could not be made"
        title={
          rows.length === 1
            ? 'A change you made offline could not be made'
            : `${rows.length} changes you made offline could not be made`
        }
        note="kept on this computer only"
      >
        {rows.map((row) => (
          <Row key={row.id} row={row} now={now} />
        ))}
      </ActionList>
    </div>
  )
}
