import type { StrandedRow } from '../../../shared/views.ts'
import { go } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { when } from '../../ui/format.ts'
import { Refusal } from '../../ui/notice.tsx'

const Row = ({ row }: { row: StrandedRow }) => {
  const retry = useAction('stranded.retry')
  const discard = useAction('stranded.discard')
  const error = retry.error ?? discard.error
  return (
    <li>
      <div className="stranded">
        <div>
          <strong className="clip">{row.name}</strong>
          <div className="faint clip">
            {row.place} · {row.change === 'delete' ? 'deletion' : 'change'}, {when(row.at)}
          </div>
        </div>
        <span className="soft">{row.message}</span>
        <div className="row">
          {row.listed ? (
            <Button size="small" onClick={() => go('credentials', row.item)}>
              Choose a version
            </Button>
          ) : (
            <Button size="small" busy={retry.busy} onClick={() => void retry.run({ id: row.id })}>
              Try again
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
        </div>
      </div>
      {error !== null && <Refusal error={error} />}
    </li>
  )
}

/** Changes made offline that could not be made: kept here until their author decides (P19). */
export const StrandedChanges = () => {
  const loaded = useLoaded('stranded.list', {}, ['items'])
  if (loaded.state !== 'ready' || loaded.value.length === 0) return null
  const { value: rows } = loaded
  return (
    <div className="banner">
      <section className="card" aria-label="Changes that could not be made">
        <div className="card-head">
          <h2 className="grow">
            {rows.length === 1
              ? 'A change you made offline could not be made'
              : `${rows.length} changes you made offline could not be made`}
          </h2>
          <span className="faint">kept on this computer only</span>
        </div>
        <ul>
          {rows.map((row) => (
            <Row key={row.id} row={row} />
          ))}
        </ul>
      </section>
    </div>
  )
}
