import { Fingerprint, LockKeyhole } from 'lucide-react'
import { useState } from 'react'
import type { StatusView } from '../../../shared/views.ts'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { RecoveryCodeField } from '../../ui/recovery-code-field.tsx'

/** Locked: the core holds no keys. It says that something waits, never what. */
export const UnlockScreen = ({ status }: { status: StatusView }) => {
  const unlock = useAction('vault.unlock')
  const recover = useAction('vault.unlockWithRecoveryCode')
  const noKeys = status.waysIn.keys === 0
  const [typing, setTyping] = useState(noKeys)
  const [text, setText] = useState('')
  return (
    <main className="centered">
      <div className="centered-card stack">
        <LockKeyhole size={28} aria-hidden />
        <div>
          <h1>{status.team ?? 'Countersign'} is locked</h1>
          <p className="soft">
            Your keys are not in memory. Programs that ask for a credential get “locked” until you unlock.
          </p>
        </div>
        {status.waitingRequests > 0 && (
          <Notice
            title={
              status.waitingRequests === 1
                ? 'A request waits for you'
                : `${status.waitingRequests} requests wait for you`
            }
          >
            Unlock to see what is asked.
          </Notice>
        )}
        {noKeys && !status.waysIn.recovery ? (
          <Notice tone="warn" title="Every way into this computer was retired">
            Ask an admin of the team to have you replaced: they choose “Lost key…” at your name, and invite
            you again.
          </Notice>
        ) : typing ? (
          <form
            className="stack"
            noValidate
            onSubmit={(event) => {
              event.preventDefault()
              void recover.run({ text })
            }}
          >
            <RecoveryCodeField value={text} onChange={setText} autoFocus />
            {recover.error !== null && <Refusal error={recover.error} />}
            <div className="row">
              <Button kind="primary" submit busy={recover.busy} disabled={text.trim() === ''}>
                Unlock with the code
              </Button>
              {!noKeys && (
                <Button kind="quiet" onClick={() => setTyping(false)}>
                  Use a security key
                </Button>
              )}
            </div>
          </form>
        ) : (
          <>
            {unlock.error !== null && <Refusal error={unlock.error} />}
            <Button kind="primary" busy={unlock.busy} onClick={() => void unlock.run({})} autoFocus>
              <Fingerprint size={16} aria-hidden />
              {unlock.busy ? 'Waiting for your security key…' : 'Unlock with a security key'}
            </Button>
            {status.waysIn.recovery && (
              <Button kind="quiet" onClick={() => setTyping(true)}>
                No key at hand? Use the recovery code
              </Button>
            )}
          </>
        )}
        {status.server !== null && status.server.connection !== 'live' && (
          <p className="faint">The server is not reached; unlocking works without it.</p>
        )}
      </div>
    </main>
  )
}
