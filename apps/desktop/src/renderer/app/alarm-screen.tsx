import { OctagonAlert, UserX } from 'lucide-react'
import { useState } from 'react'
import type { StatusView } from '../../shared/views.ts'
import { useAction } from '../data/use-call.ts'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { ExportProgress } from '../ui/export-progress.tsx'
import { when } from '../ui/format.ts'
import { Refusal } from '../ui/notice.tsx'
import { StartOver } from './start-over.tsx'

type Stopped = NonNullable<StatusView['stopped']>

const titles: Record<Stopped['code'], string> = {
  fork: 'Stopped: this server showed two different histories',
  rollback: 'Stopped: this server shows less than it did before',
  withheld: 'Stopped: this server keeps something back',
  genesis: 'Stopped: this server has another team under this name',
  bad_entry: 'Stopped: this server passed on something that nobody signed',
}

const happened: Record<Stopped['code'], string> = {
  fork: 'Two versions of the team’s log exist that cannot both be true. An honest server has one; whoever runs this one may have shown different people different things, or put back an old copy.',
  rollback:
    'Entries that were verified before are gone or denied. Somebody may have put back an old copy of the server’s data, or hides what happened since.',
  withheld:
    'Another device of the team has verified entries that this server, asked for them, does not give this computer. A removal or a reading could be hidden that way. If it is not the server, the device that said so lied; its signature names it.',
  genesis:
    'The team’s first entry is another than the one this computer joined. This may be another server at the same address.',
  bad_entry: 'An entry arrived that is not what its author signed. No honest server passes such an entry on.',
}

const Removed = ({ status }: { status: StatusView }) => (
  <main className="centered">
    <div className="centered-card stack">
      <UserX size={28} aria-hidden />
      <h1>You are no longer in {status.team ?? 'this team'}</h1>
      {status.alarm !== null ? (
        <Refusal error={status.alarm} />
      ) : (
        <p className="soft">
          Nothing new is fetched or served here. Ask an admin of the team if this is a surprise.
        </p>
      )}
      <StartOver />
    </div>
  </main>
)

const TryAgain = ({ onClose }: { onClose: () => void }) => {
  const dismiss = useAction('alarm.dismiss')
  return (
    <Dialog
      title="Try this server again?"
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>Stay stopped</Button>
          <Button
            kind="danger"
            busy={dismiss.busy}
            onClick={() => void dismiss.run({}).then((status) => status !== null && onClose())}
          >
            Try again
          </Button>
        </>
      }
    >
      <p>
        Do this when you know what happened and the others do too. Nothing that was verified here is given up:
        if the server still shows what it showed, Countersign stops again. It is put on record, and the
        evidence can be exported from the audit afterwards.
      </p>
      {dismiss.error !== null && <Refusal error={dismiss.error} />}
    </Dialog>
  )
}

const Alarm = ({ stopped, words }: { stopped: Stopped; words: string | null }) => {
  const save = useAction('export.evidence')
  const [asking, setAsking] = useState(false)
  const { code, stream, seq, time, shownBy, server } = stopped
  return (
    <main className="centered">
      <div className="centered-card alarm stack" role="alert">
        <OctagonAlert size={28} aria-hidden />
        <h1>{titles[code]}</h1>
        <section>
          <h2>What happened</h2>
          <p>{happened[code]}</p>
          {words !== null && <p className="soft">{words}</p>}
          <dl className="facts">
            <dt>Where</dt>
            <dd>
              entry {seq} of {stream}
            </dd>
            <dt>Seen</dt>
            <dd>{when(time)}</dd>
            <dt>Shown by</dt>
            <dd>{shownBy === null ? 'what this computer had verified before' : `what ${shownBy} signed`}</dd>
            <dt>Server</dt>
            <dd className="mono">{server}</dd>
          </dl>
        </section>
        <section>
          <h2>What is still safe</h2>
          <p>
            No key and no value left this computer, and the server cannot read any. What was verified here
            stays as it is. Nothing new is believed, and programs get nothing, until this is cleared up.
          </p>
        </section>
        <section>
          <h2>What to do</h2>
          <ol className="alarm-steps">
            <li>
              Save the evidence: what was signed, by whom, and this computer’s own signed view. No secrets in
              it.
            </li>
            <li>
              Tell the other members by phone or in person, not through this server. Ask what their
              Countersign shows.
            </li>
            <li>
              Let somebody check the file, offline: <code>countersign evidence verify FILE</code>
            </li>
            <li>Try the server again when you know the cause, such as a backup that was put back.</li>
          </ol>
        </section>
        {save.error !== null && <Refusal error={save.error} />}
        <ExportProgress kind="evidence" />
        <div className="row">
          <Button kind="primary" busy={save.busy} onClick={() => void save.run({})}>
            Save the evidence
          </Button>
          <Button onClick={() => setAsking(true)}>Try this server again</Button>
        </div>
        {asking && <TryAgain onClose={() => setAsking(false)} />}
      </div>
    </main>
  )
}

/** A loud stop: what was seen contradicts what this device verified before, or this member was removed. */
export const AlarmScreen = ({ status }: { status: StatusView }) =>
  status.stopped === null || status.phase === 'removed' ? (
    <Removed status={status} />
  ) : (
    <Alarm stopped={status.stopped} words={status.alarm?.message ?? null} />
  )
