import { useAction, useLoaded } from '../data/use-call.ts'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { ListSkeleton } from './empty-state.tsx'
import { duration } from './format.ts'
import { Notice, Refusal } from './notice.tsx'
import { toast } from './toasts.tsx'

/** What to print or copy, so that a computer that knows nothing finds the team again. */
export const SheetDialog = ({ onClose }: { onClose: () => void }) => {
  const loaded = useLoaded('sheet.get', {}, [])
  const copy = useAction('sheet.copy')
  const kept = useAction('sheet.kept')
  const toClipboard = async (): Promise<void> => {
    const done = await copy.run({})
    if (done !== null)
      toast('good', 'Sheet copied', `The clipboard is cleared in ${duration(done.clearAfterMs)}.`)
  }
  const keep = async (): Promise<void> => {
    if ((await kept.run({})) !== null) onClose()
  }
  return (
    <Dialog
      title="Recovery sheet"
      wide
      textOnly
      onClose={onClose}
      foot={
        <>
          <Button onClick={() => window.print()} disabled={loaded.state !== 'ready'}>
            Print
          </Button>
          <Button busy={copy.busy} onClick={() => void toClipboard()} disabled={loaded.state !== 'ready'}>
            Copy
          </Button>
          <Button
            kind="primary"
            busy={kept.busy}
            onClick={() => void keep()}
            disabled={loaded.state !== 'ready'}
          >
            I keep it
          </Button>
        </>
      }
    >
      {loaded.state === 'loading' && <ListSkeleton rows={3} />}
      {loaded.state === 'failed' && <Refusal error={loaded.error} onRetry={loaded.reload} />}
      {loaded.state === 'ready' && (
        <>
          <p className="soft">
            It brings Countersign to another computer, when this one is lost or beside it: choose “I already
            have a team” there. It opens nothing by itself: you also need{' '}
            {loaded.value.recovery
              ? 'one of your security keys or your recovery code'
              : 'one of your security keys'}
            .
          </p>
          <div className="sheet">
            <dl className="facts">
              <dt>Team</dt>
              <dd>{loaded.value.team}</dd>
              <dt>Member</dt>
              <dd>{loaded.value.name}</dd>
              <dt>Server</dt>
              <dd className="mono">{loaded.value.server}</dd>
              <dt>Log</dt>
              <dd>{loaded.value.head.toLocaleString()} entries when this was made</dd>
            </dl>
            <ol className="sheet-lines" data-testid="sheet-lines">
              {loaded.value.lines.map((line) => (
                <li key={line}>{line}</li>
              ))}
            </ol>
          </div>
          <Notice>
            Nothing on it is secret, but keep it apart from your recovery code. A newer one is a little
            better: a new computer believes no server that shows less of the log than its sheet.
          </Notice>
        </>
      )}
      {copy.error !== null && <Refusal error={copy.error} />}
      {kept.error !== null && <Refusal error={kept.error} />}
    </Dialog>
  )
}
