import type { InviteView } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { left } from '../../ui/format.ts'
import { Refusal } from '../../ui/notice.tsx'

const words: Record<InviteView['state'], string> = {
  waiting: 'link not opened yet',
  code: 'compare the code',
  confirmed_here: 'waiting for them to confirm',
  needs_approval: 'waiting for approval',
  joined: 'joined',
  declined: 'declined',
  expired: 'expired',
  failed: 'did not go through',
}

/** Invites under way; the one whose code is to be compared stands out. */
export const InviteList = ({
  invites,
  now,
  onOpen,
}: {
  invites: readonly InviteView[]
  now: number
  onOpen: (invite: string) => void
}) => {
  const cancel = useAction('invite.cancel')
  return (
    <section className="card" aria-label="Invites">
      <div className="card-head">
        <h2>Invites</h2>
      </div>
      {cancel.error !== null && (
        <div className="card-body">
          <Refusal error={cancel.error} />
        </div>
      )}
      <ul>
        {invites.map((invite) => (
          <li key={invite.invite} className="invite">
            <strong className="clip">{invite.name}</strong>
            <span className="faint clip">{invite.roles.join(', ')}</span>
            <span className="faint">{left(invite.expiresAt, now)}</span>
            <Badge tone={invite.state === 'code' ? 'warn' : 'neutral'}>{words[invite.state]}</Badge>
            <span className="row">
              <Button
                size="small"
                kind={invite.state === 'code' ? 'primary' : 'plain'}
                aria-label={`Open the invite of ${invite.name}`}
                onClick={() => onOpen(invite.invite)}
              >
                Open
              </Button>
              <Button
                size="small"
                kind="quiet"
                busy={cancel.busy}
                aria-label={`Cancel the invite of ${invite.name}`}
                onClick={() => void cancel.run({ invite: invite.invite })}
              >
                Cancel
              </Button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
