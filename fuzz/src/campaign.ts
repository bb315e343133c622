import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Coverage } from './coverage.ts'
import { mutate } from './mutate.ts'
import type { FuzzedParser } from './parser.ts'
import { Random } from './random.ts'

const BATCH = 500
/** So many inputs are led by the coverage; counting it slows the engine, so the rest builds on what they found. */
const LED = 20_000
/** Inputs of one batch that run at the same time, where the parser waits for something. */
const AT_ONCE = 16

export interface Campaign {
  readonly inputs: number
  readonly seed: number
  readonly corpus: readonly Uint8Array[]
  readonly onBatch?: (done: number) => void
}

export interface Finding {
  /** The input, in base64url. */
  readonly input: string
  readonly error: string
}

export interface CampaignResult {
  readonly inputs: number
  /** How often each outcome came. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly findings: readonly Finding[]
  /** Inputs that reached something new. */
  readonly found: readonly Uint8Array[]
  readonly blocks: number
  /** Bytes on the heap after the first tenth and at the end, each after a collection. */
  readonly heap: { readonly early: number; readonly late: number }
}

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

const heapUsed = (): number => {
  if (typeof collect !== 'function') throw new Error('this engine has no collector to call')
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

/** Feeds a parser with mutations of what it knows, and remembers what led somewhere new. The same seed does the same. */
export const runCampaign = async (parser: FuzzedParser, campaign: Campaign): Promise<CampaignResult> => {
  const random = new Random(campaign.seed)
  const known = [...parser.seeds, ...campaign.corpus]
  const found: Uint8Array[] = []
  const outcomes: Record<string, number> = {}
  const findings: Finding[] = []
  const coverage = new Coverage()

  const run = async (input: Uint8Array): Promise<void> => {
    // A parser that keeps or alters what it was given would spoil the corpus.
    const given = Uint8Array.from(input)
    try {
      const answer = parser.parse(given)
      const outcome = typeof answer === 'string' ? answer : await answer
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    } catch (error) {
      const said = error instanceof Error ? (error.stack ?? error.message) : String(error)
      if (findings.length < 20)
        findings.push({ input: Buffer.from(input).toString('base64url'), error: said })
      outcomes.threw = (outcomes.threw ?? 0) + 1
    }
  }
  const runAll = async (inputs: readonly Uint8Array[]): Promise<void> => {
    for (let at = 0; at < inputs.length; at += AT_ONCE)
      await Promise.all(inputs.slice(at, at + AT_ONCE).map(run))
  }
  const seen = new Set<string>()
  /** Runs a batch; where it reached new code, halves it until one input is left that does. */
  const explore = async (batch: readonly Uint8Array[]): Promise<void> => {
    await runAll(batch)
    const fresh = [...coverage.take()].filter((block) => !seen.has(block))
    if (fresh.length === 0) return
    for (const block of fresh) seen.add(block)
    let inputs = batch
    while (inputs.length > 1) {
      const half = inputs.slice(0, Math.ceil(inputs.length / 2))
      await runAll(half)
      const ran = coverage.take()
      inputs = fresh.some((block) => ran.has(block)) ? half : inputs.slice(half.length)
    }
    found.push(...inputs)
    known.push(...inputs)
  }

  await runAll(known)
  for (const block of coverage.take()) seen.add(block)
  const pool = {
    random,
    dictionary: parser.dictionary ?? [],
    other: () => random.pick(known),
  }
  let early = 0
  let done = 0
  while (done < campaign.inputs) {
    const count = Math.min(BATCH, campaign.inputs - done)
    const batch = Array.from({ length: count }, () => mutate(random.pick(known), pool))
    if (done < LED) await explore(batch)
    else await runAll(batch)
    if (done < LED && done + count >= LED) coverage.close()
    done += count
    if (early === 0 && done >= campaign.inputs / 10) early = heapUsed()
    campaign.onBatch?.(done)
  }
  const late = heapUsed()
  if (done < LED) coverage.close()
  return { inputs: done, outcomes, findings, found, blocks: seen.size, heap: { early, late } }
}
