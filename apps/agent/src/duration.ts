const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** `30m`, `8h`, `7d`, `2w` in ms; null if it is none of these. */
export const parseDuration = (text: string): number | null => {
  const [, count, unit] = /^([1-9]\d{0,4})([mhdw])$/.exec(text) ?? []
  const factor = UNITS[unit ?? '']
  return count === undefined || factor === undefined ? null : Number(count) * factor
}
