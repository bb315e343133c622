import { perDay } from './per-day.ts'

const DAYS = 30
const WIDTH = 600
const HEIGHT = 36
const STEP = WIDTH / DAYS

/** Events a day over a month. `counted`: how many events it is drawn from, `total`: how many there are. */
export const DayChart = ({ times, total, now }: { times: readonly number[]; total: number; now: number }) => {
  const days = perDay(times, now, DAYS)
  const most = Math.max(1, ...days)
  const words = times.length < total ? `the newest ${times.length} events` : `${total} events`
  return (
    <figure className="day-chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Events a day over ${DAYS} days, most ${most}, of ${words}`}
      >
        {days
          .map((count, day) => ({ count, day }))
          .map(({ count, day }) => {
            const height = count === 0 ? 1 : Math.max(3, (count / most) * HEIGHT)
            return (
              <rect
                key={day}
                x={day * STEP + 1.5}
                y={HEIGHT - height}
                width={STEP - 3}
                height={height}
                data-none={count === 0 ? '' : undefined}
              />
            )
          })}
      </svg>
      <figcaption className="faint">
        <span>{DAYS} days ago</span>
        <span>
          {words}, at most {most} a day
        </span>
        <span>today</span>
      </figcaption>
    </figure>
  )
}
