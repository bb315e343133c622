import type { InviteView } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { ActionList, ActionRow } from '../../ui/action-list.tsx'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { left } from '../../ui/format.ts'

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

const Row = ({ invite, now, onOpen }: { invite: InviteView; now: number; onOpen: () => void }) => {
  const cancel = useAction('invite.cancel')
  return (
    <ActionRow
      name={invite.name}
      about={invite.roles.join(', ') || 'no role'}
      error={cancel.error}
      actions={
        <>
          <Button
            size="small"
            kind={invite.state === 'code' ? 'primary' : 'plain'}
            aria-label={`Open the invite of ${invite.name}`}
            onClick={onOpen}
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
        </>
      }
    >
      <Badge tone={invite.state === 'code' ? 'warn' : 'neutral'}>{words[invite.state]}</Badge>
      <span className="faint">{left(invite.expiresAt, now)}</span>
    </ActionRow>
  )
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
}) => (
  <ActionList label="Invites" title="Invites">
    {invites.map((invite) => (
      <Row key={invite.invite} invite={invite} now={now} onOpen={() => onOpen(invite.invite)} />
    ))}
  </ActionList>
)
