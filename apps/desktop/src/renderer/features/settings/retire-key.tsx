import { useState } from 'react'
import { useAction } from '../../data/use-call.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Notice, Refusal } from '../../ui/notice.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { toast } from '../../ui/toasts.tsx'

interface RetireKeyProps {
  member: string
  label: string
  /** Two ways in are left without it. */
  spare: boolean
  otherAdmins: boolean
  onClose: () => void
}

/** A key in one's hand is retired and that is all; one that somebody else may have means new keys for everything (P8). */
export const RetireKey = ({ member, label, spare, otherAdmins, onClose }: RetireKeyProps) => {
  const retire = useAction('keys.retire')
  const [where, setWhere] = useState<'here' | 'lost'>('here')
  const lost = where === 'lost'
  const run = async (): Promise<void> => {
    const reason = lost ? 'lost' : 'in hand or destroyed'
    if ((await retire.run({ member, label, reason })) === null) return
    toast(
      'good',
      `${label} is retired`,
      lost ? 'Now have yourself replaced: an admin does it under Members.' : '',
    )
    onClose()
  }
  return (
    <Dialog
      title={`Retire ${label}?`}
      onClose={onClose}
      onSubmit={() => void run()}
      foot={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button kind="danger" submit busy={retire.busy} disabled={!spare && !lost}>
            {lost ? 'Retire it now' : 'Retire'}
          </Button>
        </>
      }
    >
      <Segmented
        label="Where the key is"
        value={where}
        onChange={setWhere}
        options={[
          { value: 'here', label: 'In my hand, or destroyed' },
          { value: 'lost', label: 'Lost or stolen' },
        ]}
      />
      {lost ? (
        <>
          <p>
            Retiring stops it at once: it approves nothing more, and no honest server gives out what it opens.
            But a server keeps copies, and whoever has the key and its PIN could open yours. So you need new
            keys, and so does everything you hold.
          </p>
          <ol className="steps-to-do">
            <li>Retire it now, here.</li>
            <li>
              {otherAdmins
                ? 'Ask another admin to open Members and choose “Lost key…” at your name: you are removed, every environment you hold gets new keys, and you are invited again.'
                : 'You are the only admin. Make somebody else an admin first (Members, Change…); they choose “Lost key…” at your name.'}
            </li>
            <li>
              Take the invite up on this computer: choose “Start over” when it says that you were removed.
            </li>
            <li>Rotate at their providers what you have read; the admin gets the list.</li>
          </ol>
          {!spare && (
            <Notice tone="warn">
              It leaves you one way in. That is enough until you are replaced; do not lock yourself out
              meanwhile.
            </Notice>
          )}
        </>
      ) : (
        <p>
          It approves nothing and opens nothing any more. Nothing is encrypted anew: nobody else could have
          used it.
        </p>
      )}
      {!spare && !lost && <Notice>Two ways in are the least: enrol another one first.</Notice>}
      {retire.error !== null && <Refusal error={retire.error} />}
    </Dialog>
  )
}
