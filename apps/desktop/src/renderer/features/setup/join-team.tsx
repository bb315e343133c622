import { useState } from 'react'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'

const Names = () => {
  const join = useAction('invite.join')
  const [name, setName] = useState('')
  const [device, setDevice] = useState('This computer')
  return (
    <form
      className="stack"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        void join.run({ name: name.trim(), device: device.trim() })
      }}
    >
      <h1>Who is joining?</h1>
      <TextField
        label="Your name"
        value={name}
        maxLength={100}
        onChange={(event) => setName(event.target.value)}
      />
      <TextField
        label="Name of this computer"
        value={device}
        maxLength={100}
        onChange={(event) => setDevice(event.target.value)}
      />
      {join.error !== null && <Refusal error={join.error} />}
      <Button kind="primary" submit busy={join.busy} disabled={name.trim() === '' || device.trim() === ''}>
        {join.busy ? 'Exchanging keys…' : 'Continue'}
      </Button>
    </form>
  )
}

const CompareCode = ({ code }: { code: string }) => {
  const confirm = useAction('invite.confirmJoin')
  return (
    <>
      <div>
        <h1>Read this code aloud</h1>
        <p className="soft">
          Talk to the person who invited you, by voice. Their screen must show the same six digits.
        </p>
      </div>
      <div className="short-code" data-testid="short-code">
        {code.slice(0, 3)} {code.slice(3)}
      </div>
      {confirm.error !== null && <Refusal error={confirm.error} />}
      <div className="row">
        <Button kind="primary" busy={confirm.busy} onClick={() => void confirm.run({ same: true })}>
          The codes are the same
        </Button>
        <Button kind="danger" disabled={confirm.busy} onClick={() => void confirm.run({ same: false })}>
          They differ
        </Button>
      </div>
      <Notice>A different code means that somebody is in between. Say so, and nothing is joined.</Notice>
    </>
  )
}

/** The invited person's side of the exchange, from names to membership. */
export const JoinTeam = () => {
  const join = useLoaded('invite.joinState', {}, ['join'])
  if (join.state === 'loading') return <p className="soft">One moment…</p>
  if (join.state === 'failed') return <Refusal error={join.error} onRetry={join.reload} />
  const { state, code, error } = join.value
  if (state === 'failed') {
    return (
      <>
        <h1>Nothing was joined</h1>
        <Refusal
          error={error ?? { message: 'The invite did not go through.', fix: 'Ask for a new invite.' }}
        />
      </>
    )
  }
  if (state === 'reading' || state === 'enrolling') return <Names />
  if (state === 'code' && code !== null) return <CompareCode code={code} />
  return (
    <div>
      <h1>
        {state === 'exchanging' ? 'Waiting for the inviter’s app…' : 'Waiting for the inviter to confirm…'}
      </h1>
      <p className="soft">
        Leave this window open. You are in as soon as both of you have confirmed the code.
      </p>
    </div>
  )
}
