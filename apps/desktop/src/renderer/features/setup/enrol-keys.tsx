import { KeyRound, ScrollText } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { CallReply } from '../../../shared/contract.ts'
import { useAction } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { RecoveryCode } from './recovery-code.tsx'

type SetupState = CallReply<'setup.state'>

/** At least two ways in: two security keys, or one and a recovery code that was checked by typing part of it back. */
export const EnrolKeys = ({ onDone }: { onDone: () => void }) => {
  const [state, setState] = useState<SetupState>({ keys: [], recovery: 'none', ready: false })
  const [label, setLabel] = useState('')
  const [recovery, setRecovery] = useState(false)
  const enrol = useAction('setup.enrolKey')
  const refresh = async (): Promise<void> => {
    const result = await window.countersign.call('setup.state', {})
    if (result.ok) setState(result.value)
  }
  useEffect(() => {
    void refresh()
  }, [])
  const add = async (): Promise<void> => {
    const done = await enrol.run({ label: label.trim() })
    if (done === null) return
    setLabel('')
    await refresh()
  }
  if (recovery) {
    return (
      <RecoveryCode
        onBack={() => setRecovery(false)}
        onConfirmed={() => {
          setRecovery(false)
          void refresh()
        }}
      />
    )
  }
  return (
    <>
      <div>
        <h1>Two ways in</h1>
        <p className="soft">
          Your keys are made on this computer and wrapped by your security keys. Nobody can reset them for
          you, so enrol a spare: a second security key, or a recovery code on paper.
        </p>
      </div>
      {(state.keys.length > 0 || state.recovery === 'confirmed') && (
        <ul className="enrolled">
          {state.keys.map((key) => (
            <li key={key.label}>
              <KeyRound size={16} aria-hidden />
              <span className="grow">{key.label}</span>
              {key.software && <Badge tone="warn">software</Badge>}
              <Badge tone="good">enrolled</Badge>
            </li>
          ))}
          {state.recovery === 'confirmed' && (
            <li>
              <ScrollText size={16} aria-hidden />
              <span className="grow">Recovery code</span>
              <Badge tone="good">checked</Badge>
            </li>
          )}
        </ul>
      )}
      <form
        className="stack"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          void add()
        }}
      >
        <TextField
          label={state.keys.length === 0 ? 'Name of your security key' : 'Name of your next security key'}
          placeholder="Blue key on my key ring"
          value={label}
          maxLength={60}
          autoFocus
          onChange={(event) => setLabel(event.target.value)}
        />
        {enrol.error !== null && <Refusal error={enrol.error} />}
        <div className="row">
          <Button
            kind={state.ready ? 'plain' : 'primary'}
            submit
            busy={enrol.busy}
            disabled={label.trim() === ''}
          >
            {enrol.busy ? 'Touch the key…' : 'Enrol security key'}
          </Button>
          {state.recovery !== 'confirmed' && state.keys.length > 0 && (
            <Button onClick={() => setRecovery(true)}>Make a recovery code</Button>
          )}
        </div>
      </form>
      {state.ready ? (
        <Button kind="primary" onClick={onDone}>
          Continue
        </Button>
      ) : (
        <Notice>
          {state.keys.length === 0
            ? 'Two ways in are needed; none is enrolled yet.'
            : 'One more way in is needed.'}
        </Notice>
      )}
    </>
  )
}
