import { useState } from 'react'
import { useApp } from '../../data/app-store.ts'
import { useAction, useLoaded } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { ago } from '../../ui/format.ts'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { SheetDialog } from '../../ui/sheet-dialog.tsx'
import { toast } from '../../ui/toasts.tsx'
import { useNow } from '../../ui/use-now.ts'

const RemoveComputer = ({ device, name, onClose }: { device: string; name: string; onClose: () => void }) => {
  const remove = useAction('device.remove')
  const run = async (): Promise<void> => {
    if ((await remove.run({ device })) === null) return
    toast('good', `${name} is cut off`)
    onClose()
  }
  return (
    <Dialog
      title={`Cut off ${name}?`}
      onClose={onClose}
      onSubmit={() => void run()}
      foot={
        <>
          <Button onClick={onClose}>Keep it</Button>
          <Button kind="danger" submit busy={remove.busy}>
            Cut it off
          </Button>
        </>
      }
    >
      <p>
        It is not let in by the server any more, and what its programs were granted ends. What lies on it
        stays sealed: without one of your security keys or your recovery code it opens nothing.
      </p>
      {remove.error !== null && <Refusal error={remove.error} />}
    </Dialog>
  )
}

/** The member's installations, and the sheet that makes another one. */
export const Computers = () => {
  const members = useLoaded('members.list', {}, ['members'])
  const [sheet, setSheet] = useState(false)
  const [removing, setRemoving] = useState<{ device: string; name: string } | null>(null)
  const keyInFile = useApp((state) => state.status?.deviceKey === 'file')
  const now = useNow()
  const devices = members.state === 'ready' ? (members.value.find((each) => each.me)?.devices ?? []) : []
  return (
    <div className="card">
      <div className="card-head">
        <h2 className="grow">Your computers</h2>
        <Button size="small" onClick={() => setSheet(true)}>
          Recovery sheet
        </Button>
      </div>
      <div className="card-body stack">
        <ul className="stack">
          {devices.map((each) => (
            <li key={each.device} className="row">
              <span className="grow clip">{each.name}</span>
              {each.here ? (
                <span className="faint">this one</span>
              ) : (
                <>
                  {each.lastSeen !== null && <span className="faint">{ago(each.lastSeen, now)}</span>}
                  <Button
                    size="small"
                    kind="danger"
                    aria-label={`Cut off… ${each.name}`}
                    onClick={() => setRemoving(each)}
                  >
                    Cut off…
                  </Button>
                </>
              )}
            </li>
          ))}
        </ul>
        {keyInFile && (
          <Notice tone="warn" title="This computer’s own key lies in a file">
            The system offers no key store, so only the file’s permissions protect it. Whoever copies it can
            connect as this computer; it opens no credential. Install or unlock a key ring (GNOME Keyring,
            KWallet) and start Countersign again: the key is moved there.
          </Notice>
        )}
        <div className="row">
          <p className="soft grow">
            Another computer joins with your recovery sheet and one of your ways in; so does a new one when
            this is lost.
          </p>
          <Button onClick={() => setSheet(true)}>Add a computer</Button>
        </div>
      </div>
      {sheet && <SheetDialog onClose={() => setSheet(false)} />}
      {removing !== null && <RemoveComputer {...removing} onClose={() => setRemoving(null)} />}
    </div>
  )
}
