import type { ItemDetail } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { when } from '../../ui/format.ts'
import { Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'

const words: Record<ItemDetail['history'][number]['change'], string> = {
  created: 'Created',
  rotated: 'Rotated',
  edited: 'Edited',
  rolled_back: 'Rolled back',
  deleted: 'Deleted',
  conflict: 'Written at the same time',
}

/** What happened to a credential, the newest first: what counts now stands on top. */
export const History = ({ detail, mayRollBack }: { detail: ItemDetail; mayRollBack: boolean }) => {
  const rollback = useAction('item.rollback')
  const back = async (to: number): Promise<void> => {
    const done = await rollback.run({ item: detail.row.item, base: detail.row.version, to })
    if (done !== null) toast('good', `Version ${to} is current again`, `As version ${done.row.version}.`)
  }
  return (
    <>
      {rollback.error !== null && <Refusal error={rollback.error} />}
      <ol className="timeline" reversed>
        {detail.history.toReversed().map((step) => (
          <li
            key={`${step.version}-${step.at}-${step.change}`}
            data-past={step.version === detail.row.version ? undefined : ''}
          >
            <div className="row">
              <strong>{words[step.change]}</strong>
              <span className="faint">v{step.version}</span>
              {step.version === detail.row.version && step.change !== 'conflict' && (
                <Badge tone="accent">current</Badge>
              )}
            </div>
            <div className="faint">
              {step.by.name}, {when(step.at)}
            </div>
            {mayRollBack && step.version !== detail.row.version && step.change !== 'deleted' && (
              <Button kind="quiet" size="small" busy={rollback.busy} onClick={() => void back(step.version)}>
                Make current
              </Button>
            )}
          </li>
        ))}
      </ol>
    </>
  )
}
