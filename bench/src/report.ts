import { cpus } from 'node:os'

/** One measured row: ours against a limit or a peer that ran in the same process, interleaved run by run. */
export interface Row {
  readonly what: string
  /** Ours and theirs, one figure a run, in `unit`. */
  readonly ours: readonly number[]
  readonly theirs: readonly number[]
  readonly unit: string
  /** Ours / theirs must be at least (`min`) or at most (`max`) this. */
  readonly target: { readonly min: number } | { readonly max: number }
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
export const median = (values: readonly number[]): number => {
  const list = sorted(values)
  const middle = Math.floor(list.length / 2)
  const upper = list[middle] ?? Number.NaN
  return list.length % 2 === 1 ? upper : (upper + (list[middle - 1] ?? Number.NaN)) / 2
}

const figure = (value: number): string =>
  Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)

/** The ratio run by run, as [least, median, greatest]: pairs drift together on a noisy machine. */
const ratios = (row: Row): [number, number, number] => {
  const each = sorted(row.ours.map((value, i) => value / (row.theirs[i] ?? Number.NaN)))
  return [each[0] ?? Number.NaN, median(each), each.at(-1) ?? Number.NaN]
}

/** Prints a table for people and one JSON line for machines; a missed target is said, never hidden, and never fails the run. */
export const report = (bench: string, rows: readonly Row[]): void => {
  console.log(`\n${bench}  (${cpus().length} cores, Node ${process.versions.node})`)
  for (const row of rows) {
    const [least, middle, greatest] = ratios(row)
    const met = 'min' in row.target ? middle >= row.target.min : middle <= row.target.max
    const target = 'min' in row.target ? `≥ ${row.target.min}` : `≤ ${row.target.max}`
    console.log(
      `  ${row.what.padEnd(46)} ${figure(median(row.ours)).padStart(9)} / ${figure(median(row.theirs)).padEnd(9)} ${row.unit.padEnd(8)}` +
        ` ratio ${middle.toFixed(2)} (${least.toFixed(2)}–${greatest.toFixed(2)})  target ${target}  ${met ? 'met' : 'MISSED'}`,
    )
  }
  const json = rows.map((row) => {
    const [least, middle, greatest] = ratios(row)
    return {
      what: row.what,
      unit: row.unit,
      ours: median(row.ours),
      theirs: median(row.theirs),
      ratio: middle,
      spread: [least, greatest],
      target: row.target,
      runs: row.ours.length,
    }
  })
  console.log(JSON.stringify({ bench, rows: json }))
}

/**
 * Prints how a time grows with the size, from each size to the next: the exponent b of size^b. 1 is in proportion, 0 is not at all.
 */
export const reportGrowth = (what: string, times: readonly { size: number; ms: number }[]): void => {
  const exponents = times.slice(1).map(({ size, ms }, i) => {
    const before = times[i] ?? { size, ms }
    return Math.log(ms / before.ms) / Math.log(size / before.size)
  })
  const shown = times.map(({ size, ms }) => `${size.toLocaleString('en')}: ${figure(ms)} ms`).join(', ')
  console.log(`  growth, ${what}: ${shown}; exponents ${exponents.map((each) => each.toFixed(2)).join(', ')}`)
  console.log(JSON.stringify({ growth: what, times, exponents }))
}
