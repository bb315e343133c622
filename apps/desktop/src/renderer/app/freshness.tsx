import type { StatusView } from '../../shared/views.ts'
import { ago } from '../ui/format.ts'
import { useNow } from '../ui/use-now.ts'

const words: Record<NonNullable<StatusView['server']>['connection'], string> = {
  offline: 'Server not reached',
  connecting: 'Connecting…',
  catching_up: 'Catching up…',
  live: 'Live',
  refused: 'Refused by the server',
  alarm: 'Stopped',
}

/** Two clocks (P17): the server's last word, and the last statement by another person's device. */
export const Freshness = ({ status }: { status: StatusView }) => {
  const now = useNow()
  const { server, witness } = status
  if (server === null) return null
  return (
    <div className="freshness">
      <div className="row">
        <i className="dot" data-state={server.connection} />
        <span>{words[server.connection]}</span>
        {status.pendingChanges > 0 && <span className="faint">· {status.pendingChanges} to send</span>}
      </div>
      {server.connection !== 'live' && server.lastContact !== null && (
        <div className="faint">Last contact {ago(server.lastContact, now)}</div>
      )}
      <div className="faint">
        {witness.of === 0
          ? 'Nobody else to verify with yet'
          : witness.time === null
            ? 'Not yet verified by another person'
            : `Verified by ${witness.devices} of ${witness.of} devices, ${ago(witness.time, now)}`}
      </div>
    </div>
  )
}
