const DAY = 86_400_000

/** Number of events on each of the `days` days that end with today, oldest first. */
export const perDay = (times: readonly number[], now: number, days: number): number[] => {
  const today = Math.floor(now / DAY)
  const counts = new Array<number>(days).fill(0)
  for (const time of times) {
    const at = days - 1 - (today - Math.floor(time / DAY))
    if (at >= 0 && at < days) counts[at] = (counts[at] ?? 0) + 1
  }
  return counts
}
