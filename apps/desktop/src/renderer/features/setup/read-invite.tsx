import { useState } from 'react'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { TextArea } from '../../ui/field.tsx'
import { Refusal } from '../../ui/notice.tsx'

export const ReadInvite = ({ onDone }: { onDone: () => void }) => {
  const read = useAction('invite.read')
  const [link, setLink] = useState('')
  const next = async (): Promise<void> => {
    const view = await read.run({ link: link.trim() })
    if (view !== null) onDone()
  }
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void next()
      }}
    >
      <div>
        <h1>Join a team</h1>
        <p className="soft">
          Paste the invite you were sent. It works once and is a secret until you have joined.
        </p>
      </div>
      <TextArea
        label="Invite link"
        className="mono"
        rows={4}
        autoFocus
        placeholder="countersign-invite:…"
        value={link}
        onChange={(event) => setLink(event.target.value)}
      />
      {read.error !== null && <Refusal error={read.error} />}
      <Button kind="primary" submit busy={read.busy} disabled={link.trim() === ''}>
        Continue
      </Button>
    </form>
  )
}
