import { cryptoReady } from '@countersign/crypto/ready'
import { type Attack, type Finding, TELLS_ITS_CALLERS } from './attack.ts'
import { Stage } from './stage.ts'

export interface Performance {
  readonly ref: string
  readonly finding: Finding
  /** What clients said while it went on. */
  readonly frames: number
  readonly bytes: number
  /** Planted secrets that were on the wire. */
  readonly leaks: readonly string[]
  /** Whether the refusal's code or words were on the wire: the attacker would learn from them. */
  readonly confided: boolean
  readonly ms: number
}

/** Performs an attack on a stage of its own, against the client code that this process loads. */
export const perform = async (attack: Attack): Promise<Performance> => {
  await cryptoReady()
  const started = performance.now()
  const stage = await Stage.set()
  try {
    const finding = await attack.run(stage)
    const { wire, planted } = stage
    return {
      ref: attack.ref,
      finding,
      frames: wire.frames,
      bytes: wire.bytes,
      leaks: wire.leaks(planted),
      confided:
        finding.outcome === 'refused' &&
        [finding.code, finding.told].some((words) => words !== null && words !== '' && wire.holds(words)),
      ms: performance.now() - started,
    }
  } finally {
    await stage.clear()
  }
}

/** What is wrong with a performance against the shipped client; empty where it was refused as it must be. */
export const faultsOf = (attack: Attack, { finding, frames, leaks, confided }: Performance): string[] => {
  if (finding.outcome === 'succeeded') return [`succeeded: ${finding.gained}`]
  const faults: string[] = []
  if (finding.code !== attack.refusal) faults.push(`refused by ${finding.code}, not by ${attack.refusal}`)
  if ((finding.told ?? finding.seen).trim() === '') faults.push('the person is told nothing')
  if ((frames === 0) !== (attack.silent === true)) faults.push(`${frames} messages or answers were recorded`)
  if (leaks.length > 0) faults.push(`on the wire: ${leaks.join(', ')}`)
  if (confided && !TELLS_ITS_CALLERS.includes(attack.area))
    faults.push('the attacker is told what refused it')
  return faults
}
