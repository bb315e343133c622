import { OctagonAlert, UserX } from 'lucide-react'
import type { StatusView } from '../../shared/views.ts'
import { Refusal } from '../ui/notice.tsx'

/** A loud stop: what was seen contradicts what this device verified before, or this member was removed. */
export const AlarmScreen = ({ status }: { status: StatusView }) => {
  const removed = status.phase === 'removed'
  const Icon = removed ? UserX : OctagonAlert
  return (
    <main className="centered">
      <div className="centered-card stack">
        <Icon size={28} aria-hidden />
        <h1>
          {removed
            ? `You are no longer in ${status.team ?? 'this team'}`
            : 'Stopped: something does not add up'}
        </h1>
        {status.alarm !== null ? (
          <Refusal error={status.alarm} />
        ) : (
          <p className="soft">
            Nothing new is fetched or served here. Ask an admin of the team if this is a surprise.
          </p>
        )}
      </div>
    </main>
  )
}
