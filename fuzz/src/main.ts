import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { GROWTH, type Memory } from './campaign.ts'
import { GROUPS, PARSER_NAMES } from './catalogue.ts'
import { readCorpus, writeCorpus } from './corpus.ts'
import { type Done, type Report, supervise } from './supervise.ts'

// `pnpm fuzz [PARSER …] [--inputs N] [--seed S] [--keep]`: so many inputs for each parser; `--keep` adds what reached something new to its corpus.

const { values, positionals } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== '--'),
  allowPositionals: true,
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
const inputs = Number(values.inputs)
const seed = Number(values.seed ?? Date.now() % 2 ** 32)
const chosen = PARSER_NAMES.filter((name) => positionals.length === 0 || positionals.includes(name))
if (!Number.isSafeInteger(inputs) || inputs < 1 || !Number.isSafeInteger(seed) || chosen.length === 0) {
  console.error(
    `usage: pnpm fuzz [PARSER …] [--inputs N] [--seed S] [--keep]; parsers: ${PARSER_NAMES.join(' ')}`,
  )
  process.exit(2)
}

const progress = new Map<string, number>()
const draw = (): void => {
  if (!process.stderr.isTTY) return
  const text = [...progress]
    .map(([name, done]) => `${name} ${Math.floor((done / inputs) * 100)} %`)
    .join('  ')
  process.stderr.write(`\r\x1b[K${text}`)
}
const row = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => (at === 0 ? cell.padEnd(20) : cell.padStart([0, 11, 10, 10, 9, 10, 9][at] ?? 9)))
    .join('')

const mib = (bytes: number): string => String(Math.round(bytes / 2 ** 20))
const grownBy = ({ result: { early, late } }: Done, part: keyof Memory): number => late[part] - early[part]

/** What a report says is wrong; empty where nothing is. */
const faultsOf = (name: string, report: Report): string[] => {
  if (report.state === 'hung')
    return [`${name}: hung after ${report.after} inputs; again with --seed ${seed}`]
  const { findings } = report.result
  const faults = findings.map(({ input, error }) => `${name}: ${error}\n  input ${input}`)
  for (const part of ['heap', 'resident'] as const) {
    const grown = grownBy(report, part)
    if (grown > GROWTH[part]) faults.push(`${name}: its ${part} memory grew by ${mib(grown)} MiB`)
  }
  return faults
}

const faults: string[] = []
const show = (name: string, report: Report): void => {
  faults.push(...faultsOf(name, report))
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
  if (report.state === 'hung') {
    console.log(row([name, String(report.after), '', 'HUNG', '', '', '']))
    return
  }
  const { result, ms } = report
  const figures = [result.inputs, Object.keys(result.outcomes).length, result.findings.length, result.blocks]
  console.log(row([name, ...figures.map(String), mib(grownBy(report, 'resident')), (ms / 1000).toFixed(1)]))
  if (values.keep) writeCorpus(name, [...readCorpus(name), ...result.found])
}
const waiting = Object.entries(GROUPS)
  .map(([group, { names }]) => ({ group, names: names.filter((name) => chosen.includes(name)) }))
  .filter(({ names }) => names.length > 0)
console.log(
  `seed ${seed}\n${row(['parser', 'inputs', 'outcomes', 'findings', 'blocks', 'grew MiB', 'seconds'])}`,
)
const work = async (): Promise<void> => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const reports = await supervise({ ...next, inputs, seed }, (name, done) => {
      progress.clear()
      progress.set(name, done)
      draw()
    })
    for (const [name, report] of reports) show(name, report)
  }
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
for (const fault of faults) console.log(`\n${fault}`)
console.log(`\n${chosen.length} parsers, ${inputs} inputs each, ${faults.length} findings`)
process.exit(faults.length === 0 ? 0 : 1)
