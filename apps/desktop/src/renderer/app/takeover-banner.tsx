import type { StatusView } from '../../shared/views.ts'
import { useAction } from '../data/use-call.ts'
import { Button } from '../ui/button.tsx'
import { when } from '../ui/format.ts'
import { Notice, Refusal } from '../ui/notice.tsx'

/** This computer came from a recovery sheet: what it may not do until somebody else's device has seen it (P11). */
export const TakeoverBanner = ({ unconfirmed }: { unconfirmed: StatusView['unconfirmed'] }) => {
  const acknowledge = useAction('confirmation.acknowledge')
  if (unconfirmed === null) return null
  return (
    <div className="banner">
      <Notice
        tone="warn"
        title={`Unconfirmed since ${when(unconfirmed.since)}`}
        action={
          unconfirmed.alone && (
            <Button size="small" busy={acknowledge.busy} onClick={() => void acknowledge.run({})}>
              I am the only member
            </Button>
          )
        }
      >
        {unconfirmed.alone
          ? 'This computer is new. Nobody else is in the team who could confirm that its server shows you the present one: compare the credentials with what you remember, then say so.'
          : 'This computer is new, and only its server vouches for what it shows. Reading works; whatever is sealed for others waits until another member opens Countersign.'}
      </Notice>
      {acknowledge.error !== null && <Refusal error={acknowledge.error} />}
    </div>
  )
}
