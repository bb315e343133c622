const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `1 credential`, `3 credentials`. */
export const plural = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`

/** A length of time in its largest fitting unit: `45 seconds`, `5 minutes`, `3 hours`, `12 days`. */
export const duration = (ms: number): string => {
  const whole = Math.max(0, ms)
  if (whole < MINUTE) return plural(Math.round(whole / 1000), 'second')
  if (whole < HOUR) return plural(Math.round(whole / MINUTE), 'minute')
  if (whole < 2 * DAY) return plural(Math.round(whole / HOUR), 'hour')
  return plural(Math.round(whole / DAY), 'day')
}

/** How long ago `time` was, seen at `now`. */
export const ago = (time: number, now: number): string =>
  now - time < 5000 ? 'just now' : `${duration(now - time)} ago`

/** The same in a table: `now`, `5m`, `3h`, `12d`. */
export const agoShort = (time: number, now: number): string => {
  const past = now - time
  if (past < MINUTE) return 'now'
  if (past < HOUR) return `${Math.floor(past / MINUTE)}m`
  if (past < 2 * DAY) return `${Math.floor(past / HOUR)}h`
  return `${Math.floor(past / DAY)}d`
}

/** What is left until `time`; `expired` once it is past. */
export const left = (time: number, now: number): string =>
  time <= now ? 'expired' : `${duration(time - now)} left`

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
export const when = (time: number): string => dateTime.format(time)
