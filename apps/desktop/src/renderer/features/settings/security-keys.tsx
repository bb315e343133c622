import { useState } from 'react'
import { useApp } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Badge } from '../../ui/badge.tsx'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { RecoveryCodeField } from '../../ui/recovery-code-field.tsx'
import { toast } from '../../ui/toasts.tsx'
import { RetireKey } from './retire-key.tsx'

/** A new key is let in by a known one, or by the recovery code where no known one is set up here. */
const AddKey = ({ byCode }: { byCode: boolean }) => {
  const add = useAction('keys.add')
  const [label, setLabel] = useState('')
  const [code, setCode] = useState('')
  const enrol = async (): Promise<void> => {
    const done = await add.run({ label: label.trim(), recoveryCode: byCode ? code : null })
    if (done === null) return
    toast('good', `${label.trim()} enrolled`)
    setLabel('')
    setCode('')
  }
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void enrol()
      }}
    >
      {byCode && (
        <RecoveryCodeField
          why="No key of yours is set up on this computer, so the code lets the new one in."
          value={code}
          onChange={setCode}
        />
      )}
      <div className="row">
        <div className="grow">
          <TextField
            label="Name of a new key"
            value={label}
            maxLength={60}
            onChange={(event) => setLabel(event.target.value)}
          />
        </div>
        <Button submit busy={add.busy} disabled={label.trim() === '' || (byCode && code.trim() === '')}>
          Enrol
        </Button>
      </div>
      {add.error !== null && <Refusal error={add.error} />}
    </form>
  )
}

export const SecurityKeys = () => {
  const members = useLoaded('members.list', {}, ['members'])
  const byCode = useApp((state) => state.status?.waysIn.keys === 0)
  const [retiring, setRetiring] = useState<string | null>(null)
  if (members.state !== 'ready') return null
  const me = members.value.find((member) => member.me)
  if (me === undefined) return null
  const ways = me.keys.filter((key) => !key.retired).length + (me.recovery ? 1 : 0)
  const otherAdmins = members.value.some(
    (member) => !member.me && member.state === 'active' && member.roles.includes('admin'),
  )
  return (
    <div className="card">
      <div className="card-head">
        <h2>Your security keys</h2>
      </div>
      <div className="card-body stack">
        <ul className="stack">
          {me.keys.map((key) => (
            <li key={key.label} className="row">
              <span className="grow">{key.label}</span>
              {key.software && <Badge tone="warn">software</Badge>}
              {key.retired ? (
                <Badge>retired</Badge>
              ) : (
                <Button
                  size="small"
                  kind="quiet-danger"
                  aria-label={`Retire or lost… ${key.label}`}
                  onClick={() => setRetiring(key.label)}
                >
                  Retire or lost…
                </Button>
              )}
            </li>
          ))}
        </ul>
        {ways <= 2 && <Notice>Two ways in are the least: enrol another before you retire one.</Notice>}
        <AddKey byCode={byCode} />
      </div>
      {retiring !== null && (
        <RetireKey
          member={me.member}
          label={retiring}
          spare={ways > 2}
          otherAdmins={otherAdmins}
          onClose={() => setRetiring(null)}
        />
      )}
    </div>
  )
}
