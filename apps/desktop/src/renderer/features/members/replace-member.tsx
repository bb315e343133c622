import { useState } from 'react'
import type { MemberView, WorklistRow } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { Worklist } from './worklist.tsx'

/** A lost security key: the member comes back under new keys, and so does everything they held (P8). */
export const ReplaceMember = ({
  member,
  onInvite,
  onClose,
}: {
  member: MemberView
  onInvite: () => void
  onClose: () => void
}) => {
  const remove = useAction('member.remove')
  const [worklist, setWorklist] = useState<WorklistRow[] | null>(null)
  const save = async (): Promise<void> => {
    const done = await remove.run({ member: member.member, reason: 'lost security key: invited again' })
    if (done !== null) setWorklist(done.worklist)
  }
  if (worklist !== null) {
    return (
      <Dialog
        title={`Invite ${member.name} again`}
        wide
        onClose={onClose}
        foot={
          <>
            <Button onClick={onClose}>Later</Button>
            <Button kind="primary" onClick={onInvite}>
              Invite again
            </Button>
          </>
        }
      >
        <Notice tone="good" title="The lost key opens nothing new">
          Everything {member.name} held has new keys. The invite is filled in with what they had.
        </Notice>
        {worklist.length > 0 && (
          <>
            <p>Whoever has the lost key and its PIN may have read these. Rotate them at the provider:</p>
            <Worklist rows={worklist} />
          </>
        )}
      </Dialog>
    )
  }
  return (
    <Dialog
      title={`${member.name} lost a security key?`}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" submit busy={remove.busy}>
            Remove and re-key
          </Button>
        </>
      }
    >
      <p>
        The server may still have what the lost key opens. So they get a new identity: they are removed now,
        every environment they held gets new keys, and you invite them again with what they had.
      </p>
      <p className="soft">
        A key that is in their hand or destroyed needs none of this: they retire it in their settings.
      </p>
      {remove.error !== null && <Refusal error={remove.error} />}
    </Dialog>
  )
}
