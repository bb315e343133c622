import type { ExportView } from '../../shared/job-views.ts'
import { useAction, useLoaded } from '../data/use-call.ts'
import { Button } from './button.tsx'
import { Notice, Refusal } from './notice.tsx'

const size = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`

/** How the export of this kind stands: choosing, written so far, where it lies, or why not. Nothing while there is none. */
export const ExportProgress = ({ kind }: { kind: ExportView['kind'] }) => {
  const loaded = useLoaded('export.state', {}, ['export'])
  const cancel = useAction('export.cancel')
  const view = loaded.state === 'ready' ? loaded.value.export : null
  if (view === null || view.kind !== kind) return null
  switch (view.state) {
    case 'choosing':
      return <Notice>Choose where to save it.</Notice>
    case 'running':
      return (
        <Notice
          title="Writing the file"
          action={
            <Button size="small" busy={cancel.busy} onClick={() => void cancel.run({})}>
              Cancel
            </Button>
          }
        >
          <progress max={Math.max(1, view.total)} value={view.done} aria-label="Entries written" />{' '}
          {view.done} of {view.total} entries
        </Notice>
      )
    case 'done':
      return (
        <Notice tone="good" title={`Saved, ${size(view.bytes)}`}>
          <span className="mono">{view.path}</span>
        </Notice>
      )
    case 'cancelled':
      return <Notice>Not saved.</Notice>
    case 'failed':
      return view.error === null ? null : <Refusal error={view.error} />
  }
}
