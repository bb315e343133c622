import type { Attack } from './attack.ts'
import { type ControlFinding, controlFaults } from './control.ts'
import type { Elsewhere } from './elsewhere.ts'
import { faultsOf, type Performance } from './perform.ts'

export interface Row {
  readonly ref: string
  readonly area: string
  readonly title: string
  readonly tried: string
  /** What refused it, or what the attacker gained. */
  readonly result: string
  readonly told: string
  readonly weakened: string
  readonly control: string
  readonly faults: readonly string[]
  /** What clients said meanwhile, searched for secrets: messages and answers. */
  readonly frames: number
  readonly ms: number
}

export const rowOf = (attack: Attack, shipped: Performance | Error, control: ControlFinding): Row => {
  const broken = shipped instanceof Error
  const faults = [
    ...(broken ? [`could not be performed: ${shipped.stack ?? shipped.message}`] : faultsOf(attack, shipped)),
    ...controlFaults(control),
  ]
  const finding = broken ? undefined : shipped.finding
  return {
    ref: attack.ref,
    area: attack.area,
    title: attack.title,
    tried: attack.tried,
    result:
      finding === undefined ? 'not performed' : finding.outcome === 'refused' ? finding.code : 'SUCCEEDED',
    told: finding?.outcome === 'refused' ? (finding.told ?? `nobody to tell: ${finding.seen}`) : '',
    weakened: attack.weakened.without,
    control: control.outcome === 'succeeded' ? control.gained : control.outcome,
    faults,
    frames: broken ? 0 : shipped.frames,
    ms: broken ? 0 : shipped.ms,
  }
}

const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width)

/** The rows that `pnpm test:e2e` performs, each with its control. */
export const elsewhereTable = (rows: readonly Elsewhere[]): string =>
  [
    '',
    'HOSTILE RENDERER, IN THE BUILT APP (performed by `pnpm test:e2e`, not here)',
    ...rows.flatMap(({ ref, tried, refusal, file, test, control, weakened }) => [
      `${cut(ref, 24)} ${cut(tried, 92)} ${cut(refusal, 24)} ${file}: ${test}`,
      `${cut('', 24)} control, without ${weakened.without}: ${control.file}: ${control.test}`,
    ]),
    '',
    `${rows.length} more are performed there, and as many controls`,
  ].join('\n')

/** The table: reference, what was tried, what refused it, verdict, verdict of the control. */
export const tableOf = (rows: readonly Row[]): string => {
  const lines: string[] = []
  let area = ''
  for (const row of rows) {
    if (row.area !== area) lines.push('', row.area.toUpperCase())
    area = row.area
    const good = row.faults.length === 0
    lines.push(
      `${cut(row.ref, 24)} ${cut(row.tried, 92)} ${cut(row.result, 24)} ${cut(good ? 'refused' : 'FAULT', 8)} ${
        row.control === 'refused' || row.control === 'failed'
          ? `control ${row.control.toUpperCase()}`
          : 'control succeeds'
      }`,
    )
    for (const fault of row.faults) lines.push(`    ${fault}`)
  }
  const succeeded = rows.filter(({ result }) => result === 'SUCCEEDED').length
  const controls = rows.filter(({ control }) => control !== 'refused' && control !== 'failed').length
  const faulty = rows.filter(({ faults }) => faults.length > 0).length
  lines.push(
    '',
    `${rows.length} attacks, ${succeeded} successes, ${controls} controls succeeded${faulty === 0 ? '' : `, ${faulty} rows at fault`}`,
  )
  return lines.join('\n')
}
