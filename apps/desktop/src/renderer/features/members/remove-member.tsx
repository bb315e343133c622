import { KeyRound, Laptop, SquareTerminal } from 'lucide-react'
import { useState } from 'react'
import type { MemberView, WorklistRow } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextArea } from '../../ui/field.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { Worklist } from './worklist.tsx'

const counted = (count: number, one: string, many: string): string =>
  `${count === 0 ? 'no' : count} ${count === 1 ? one : many}`

export const RemoveMember = ({ member, onClose }: { member: MemberView; onClose: () => void }) => {
  const remove = useAction('member.remove')
  const held = member.access.filter((each) => each.level === 'hold').length
  const [reason, setReason] = useState('')
  const [worklist, setWorklist] = useState<WorklistRow[] | null>(null)
  const save = async (): Promise<void> => {
    const done = await remove.run({ member: member.member, reason })
    if (done !== null) setWorklist(done.worklist)
  }
  if (worklist !== null) {
    return (
      <Dialog
        title={`${member.name} is removed`}
        wide
        onClose={onClose}
        foot={
          <Button kind="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <Notice tone="good" title="Every key they had is replaced">
          From now on nothing new opens for them, and their programs are refused.
        </Notice>
        {worklist.length === 0 ? (
          <p>They read no credential, so there is nothing to rotate.</p>
        ) : (
          <p>They read these credentials. Rotate each at its provider:</p>
        )}
        {worklist.length > 0 && <Worklist rows={worklist} />}
      </Dialog>
    )
  }
  return (
    <Dialog
      title={`Remove ${member.name}?`}
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
      <p>It takes effect at once, everywhere:</p>
      <ul className="consequences">
        <li>
          <Laptop size={16} aria-hidden /> {counted(member.devices.length, 'computer is', 'computers are')}{' '}
          cut off
        </li>
        <li>
          <SquareTerminal size={16} aria-hidden /> every binding of their programs ends
        </li>
        <li>
          <KeyRound size={16} aria-hidden /> {counted(held, 'environment gets', 'environments get')} new keys
        </li>
      </ul>
      <p className="soft">
        What they have read they may have kept: next you get the list of exactly those credentials.
      </p>
      <TextArea
        label="Reason (optional)"
        hint="Stands in the audit."
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
      {remove.error !== null && <Refusal error={remove.error} />}
    </Dialog>
  )
}
