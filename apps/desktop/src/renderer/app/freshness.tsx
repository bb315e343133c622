import { ChevronRight } from 'lucide-react'
import type { StatusView } from '../../shared/views.ts'
import { ago, left } from '../ui/format.ts'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { useNow } from '../ui/use-now.ts'

const MOST_SQUARES = 8

type Connection = NonNullable<StatusView['server']>['connection']
/** In the sidebar, beside the squares. */
const brief: Partial<Record<Connection, string>> = { offline: 'Offline', refused: 'Refused' }
const words: Record<Connection, string> = {
  offline: 'Server not reached',
  connecting: 'Connecting…',
  catching_up: 'Catching up…',
  live: 'Live',
  refused: 'Refused by the server',
  alarm: 'Stopped',
}

const confirmedBy = ({ witness }: StatusView, now: number): string => {
  if (witness.of === 0) return 'Nobody else to verify with yet'
  if (witness.time === null) return 'Not yet verified by another person'
  return `Verified by ${witness.devices} of ${witness.of} devices, ${ago(witness.time, now)}`
}

const checked = ({ done, of }: NonNullable<StatusView['checking']>): string =>
  `${done.toLocaleString('en')} of ${of.toLocaleString('en')}`

type Device = StatusView['witness']['each'][number]
const stands: Record<Device['state'], string> = {
  agrees: 'sees the same',
  behind: 'not the newest yet',
  ahead: 'was shown more',
  never: 'nothing yet',
}
const order: readonly Device['state'][] = ['ahead', 'agrees', 'behind', 'never']

/** Each device of another person: what it signed that it sees, and when. */
const Devices = ({ each, now }: { each: readonly Device[]; now: number }) => (
  <ScrollRegion className="witness-devices" label="Each device">
    <ul>
      {[...each]
        .sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state) || (b.time ?? 0) - (a.time ?? 0))
        .map(({ device, name, time, state }) => (
          <li key={device}>
            <i className="dot" data-witness={state} />
            <span className="grow clip" title={name}>
              {name}
            </span>
            <span className="faint">
              {time === null ? stands[state] : `${stands[state]}, ${ago(time, now)}`}
            </span>
          </li>
        ))}
    </ul>
  </ScrollRegion>
)

/** One small square a device of another person, filled where it has signed what this computer sees. */
const Squares = ({ witness }: { witness: StatusView['witness'] }) => (
  <span className="witness-squares" aria-hidden>
    {Array.from({ length: Math.min(witness.of, MOST_SQUARES) }, (_, i) => i).map((i) => (
      <i key={i} data-filled={i < witness.devices ? '' : undefined} />
    ))}
  </span>
)

/** Two clocks (P17): the server's last word, and the last statement by another person's device. */
export const Freshness = ({ status }: { status: StatusView }) => {
  const now = useNow()
  const { server, witness } = status
  if (server === null) return null
  return (
    <>
      <button type="button" className="freshness" popoverTarget="freshness">
        <span className="row">
          <i className="dot" data-state={server.connection} />
          <span className="grow clip">{brief[server.connection] ?? words[server.connection]}</span>
          <Squares witness={witness} />
          <ChevronRight size={14} aria-hidden />
        </span>
        <span className="faint freshness-line">{confirmedBy(status, now)}</span>
        {status.checking !== null && (
          <span className="faint freshness-line">Checking history: {checked(status.checking)}</span>
        )}
        {status.pendingChanges > 0 && (
          <span className="faint freshness-line">
            {status.pendingChanges} {status.pendingChanges === 1 ? 'change waits' : 'changes wait'} to be sent
          </span>
        )}
      </button>
      <div
        id="freshness"
        popover="auto"
        className="freshness-panel"
        role="dialog"
        aria-label="How fresh this is"
      >
        <h2>How fresh this is</h2>
        <p className="soft">
          A server can hide news, so two clocks run: when it last spoke, and when another member’s device last
          signed that it sees the same as you.
        </p>
        <dl className="facts">
          <dt>Server</dt>
          <dd>
            {words[server.connection]}
            <div className="faint mono">{server.url}</div>
          </dd>
          <dt>Last contact</dt>
          <dd>{server.lastContact === null ? 'never' : ago(server.lastContact, now)}</dd>
          <dt>Another person</dt>
          <dd>
            {witness.time === null ? 'nobody yet' : `${witness.by ?? 'a member'}, ${ago(witness.time, now)}`}
          </dd>
          <dt>Devices that agree</dt>
          <dd>
            {witness.devices} of {witness.of}
          </dd>
          <dt>Signatures checked</dt>
          <dd>{status.checking === null ? 'all' : checked(status.checking)}</dd>
          <dt>Changes to send</dt>
          <dd>{status.pendingChanges}</dd>
          <dt>Programs are served</dt>
          <dd>{status.servesUntil === null ? 'while both clocks run' : left(status.servesUntil, now)}</dd>
        </dl>
        {witness.each.length > 0 && <Devices each={witness.each} now={now} />}
      </div>
    </>
  )
}
