import { Fingerprint } from 'lucide-react'
import { useState } from 'react'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { RecoveryCodeField } from '../../ui/recovery-code-field.tsx'

/** A way in to go with the sheet: a security key that is still in hand, or the recovery code. */
export const TakeOver = ({ text, server }: { text: string; server: string }) => {
  const withKey = useAction('sheet.openWithKey')
  const withCode = useAction('sheet.openWithCode')
  const [device, setDevice] = useState('This computer')
  const [code, setCode] = useState('')
  const [typing, setTyping] = useState(false)
  const name = device.trim()
  const busy = withKey.busy || withCode.busy
  const error = typing ? withCode.error : withKey.error
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        if (typing) void withCode.run({ text, code, device: name })
        else void withKey.run({ text, device: name })
      }}
    >
      <div>
        <h1>Open it on this computer</h1>
        <p className="soft">
          Your keys lie wrapped on <span className="mono">{server}</span>. One of your ways in fetches and
          opens them here.
        </p>
      </div>
      <TextField
        label="Name of this computer"
        value={device}
        maxLength={100}
        onChange={(event) => setDevice(event.target.value)}
      />
      {typing && <RecoveryCodeField value={code} onChange={setCode} />}
      {error !== null && <Refusal error={error} />}
      <div className="row">
        <Button kind="primary" submit busy={busy} disabled={name === '' || (typing && code.trim() === '')}>
          {!typing && <Fingerprint size={16} aria-hidden />}
          {busy ? 'Fetching your team…' : typing ? 'Open with the code' : 'Open with a security key'}
        </Button>
        <Button kind="quiet" disabled={busy} onClick={() => setTyping(!typing)}>
          {typing ? 'Use a security key' : 'No key at hand? Use the recovery code'}
        </Button>
      </div>
      <Notice>
        Until another member’s app has seen this computer, it reads but seals nothing for others: a server
        could have shown it an old team.
      </Notice>
    </form>
  )
}
