import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'

/** The team's founder ends the time in which one person decides alone. */
export const CloseBootstrap = () => {
  const close = useAction('bootstrap.close')
  return (
    <Notice
      tone="warn"
      title="This team is still being set up"
      action={
        <Button kind="primary" busy={close.busy} onClick={() => void close.run({})}>
          Close the set-up
        </Button>
      }
    >
      Until you close it, you alone can add people and change policies. Afterwards each such change needs the
      approvals of the environments it touches. There is no way back.
      {close.error !== null && <Refusal error={close.error} />}
    </Notice>
  )
}
