import { useState } from 'react'
import type { BindingView } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { TextArea } from '../../ui/field.tsx'
import { Refusal } from '../../ui/notice.tsx'
import { toast } from '../../ui/toasts.tsx'

/** What revoking does, and what it cannot undo, before it is done. */
export const RevokeDialog = ({ binding, onClose }: { binding: BindingView; onClose: () => void }) => {
  const revoke = useAction('binding.revoke')
  const [reason, setReason] = useState('')
  const save = async (): Promise<void> => {
    if ((await revoke.run({ binding: binding.binding, reason })) === null) return
    toast(
      'good',
      `${binding.application} is revoked`,
      'Its next read is refused, on every connected computer within a second.',
    )
    onClose()
  }
  return (
    <Dialog
      title={`Revoke ${binding.application}?`}
      onClose={onClose}
      onSubmit={() => void save()}
      foot={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" submit busy={revoke.busy}>
            Revoke
          </Button>
        </>
      }
    >
      <p>
        {binding.person.name}’s program can no longer read{' '}
        {binding.terms.items.map((item) => item.name).join(', ')}. What it has read already it may have kept:
        rotate the key if that matters.
      </p>
      <TextArea
        label="Reason (optional)"
        value={reason}
        maxLength={500}
        onChange={(event) => setReason(event.target.value)}
      />
      {revoke.error !== null && <Refusal error={revoke.error} />}
    </Dialog>
  )
}
