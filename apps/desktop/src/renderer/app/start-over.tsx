import { useAction } from '../data/use-call.ts'
import { Button } from '../ui/button.tsx'
import { Refusal } from '../ui/notice.tsx'

/** Somebody who was removed and has another invite begins anew on the same computer. */
export const StartOver = () => {
  const startOver = useAction('installation.startOver')
  return (
    <>
      <p className="soft">
        Were you invited again, or into another team? Start over: what is on this computer is moved aside, and
        your security keys stay yours.
      </p>
      {startOver.error !== null && <Refusal error={startOver.error} />}
      <Button busy={startOver.busy} onClick={() => void startOver.run({})}>
        Start over on this computer
      </Button>
    </>
  )
}
