import { useEffect, useState } from 'react'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'

/** Shown once, with what it opens; then part of it is typed back, so that it surely stands on paper. */
export const RecoveryCode = ({ onBack, onConfirmed }: { onBack: () => void; onConfirmed: () => void }) => {
  const make = useAction('setup.newRecoveryCode')
  const confirm = useAction('setup.confirmRecoveryCode')
  const [code, setCode] = useState<{ text: string; ask: number[] } | null>(null)
  const [checking, setChecking] = useState(false)
  const [groups, setGroups] = useState<string[]>([])
  const [wrong, setWrong] = useState(false)
  const { run } = make
  useEffect(() => {
    void run({}).then((value) => value !== null && setCode(value))
  }, [run])
  if (make.error !== null) return <Refusal error={make.error} />
  if (code === null) return <p className="soft">Making a code…</p>
  const check = async (): Promise<void> => {
    const result = await confirm.run({ groups })
    if (result === null) return
    if (result.confirmed) onConfirmed()
    else setWrong(true)
  }
  if (!checking) {
    return (
      <>
        <div>
          <h1>Your recovery code</h1>
          <p className="soft">Write it down now. It is shown only this once.</p>
        </div>
        <ol className="recovery-code" data-testid="recovery-code">
          {code.text.split('-').map((group, index) => (
            // Groups may repeat; their place is what tells them apart.
            <li key={`${index}:${group}`}>
              <span>{index + 1}</span>
              {group}
            </li>
          ))}
        </ol>
        <Notice tone="warn" title="It opens everything you can open">
          Without your security key and without a PIN. Keep it on paper, away from this computer; never in a
          file, a photo or a chat.
        </Notice>
        <div className="row">
          <Button kind="primary" onClick={() => setChecking(true)}>
            I have written it down
          </Button>
          <Button kind="quiet" onClick={onBack}>
            Back
          </Button>
        </div>
      </>
    )
  }
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void check()
      }}
    >
      <div>
        <h1>Check what you wrote</h1>
        <p className="soft">Type these groups from your paper.</p>
      </div>
      {code.ask.map((group, index) => (
        <TextField
          key={group}
          label={`Group ${group}`}
          className="mono"
          maxLength={12}
          value={groups[index] ?? ''}
          onChange={(event) => {
            setWrong(false)
            setGroups(code.ask.map((_, i) => (i === index ? event.target.value : (groups[i] ?? ''))))
          }}
        />
      ))}
      {wrong && (
        <Notice tone="bad" title="That is not what was shown">
          Look again, or go back to the code and correct your paper.
        </Notice>
      )}
      {confirm.error !== null && <Refusal error={confirm.error} />}
      <div className="row">
        <Button kind="primary" submit busy={confirm.busy}>
          Check
        </Button>
        <Button kind="quiet" onClick={() => setChecking(false)}>
          Show the code again
        </Button>
      </div>
    </form>
  )
}
