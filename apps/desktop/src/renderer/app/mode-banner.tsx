import type { StatusView } from '../../shared/views.ts'
import { duration, left } from '../ui/format.ts'
import { Notice } from '../ui/notice.tsx'
import { useNow } from '../ui/use-now.ts'

const text: Record<StatusView['mode'], { title: string; what: string } | null> = {
  normal: null,
  'read-only': {
    title: 'Read-only',
    what: 'Programs still read; changes and new bindings wait until the server takes writes again.',
  },
  cached: {
    title: 'Working offline',
    what: 'Programs read what this computer holds; changes wait to be sent.',
  },
  'lease-only': {
    title: 'Not serving',
    what: 'Nothing confirmed in time that access was not revoked. Reach the server, or ask another member to open Countersign.',
  },
  locked: null,
}

const disks: Record<NonNullable<StatusView['disk']>, string> = {
  full: 'This computer’s disk is full',
  failing: 'This computer’s disk refuses to write',
}

const count = (reads: number): string => `${reads} ${reads === 1 ? 'read is' : 'reads are'}`

/** A degraded mode is said in the app as it is on the API. */
export const ModeBanner = ({ status }: { status: StatusView }) => {
  const now = useNow(5000)
  if (status.unrecorded !== null)
    return (
      <div className="banner">
        <Notice tone="bad" title="Reads without an audit record">
          This computer’s disk has taken none for {duration(now - status.unrecorded.since)}. As the policy
          allows, programs repeated what they had read: {count(status.unrecorded.reads)} not on record yet.
          Make room before you lock or quit: until then they are only counted.
        </Notice>
      </div>
    )
  if (status.disk !== null)
    return (
      <div className="banner">
        <Notice tone="bad" title={disks[status.disk]}>
          Changes wait, and programs get no value that cannot be put on record. Make room, and it goes on by
          itself; nothing was lost or half-written.
        </Notice>
      </div>
    )
  const banner = text[status.mode]
  if (banner === null) return null
  return (
    <div className="banner">
      <Notice tone={status.mode === 'lease-only' ? 'bad' : 'warn'} title={banner.title}>
        {banner.what}
        {status.servesUntil !== null &&
          status.mode !== 'lease-only' &&
          ` Serving stops by itself: ${left(status.servesUntil, now)}.`}
      </Notice>
    </div>
  )
}
