import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Coverage } from './coverage.ts'
import { mutate } from './mutate.ts'
import type { FuzzedParser } from './parser.ts'
import { Random } from './random.ts'

const BATCH = 500
/** So many inputs are led by the coverage; counting it slows the engine, so the rest builds on what they found. */
const LED = 20_000
/** Runs that shortening one input may take. */
const TRIM_TRIES = 100
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
  /** After the first tenth and at the end, each after a collection. */
  readonly early: Memory
  readonly late: Memory
}

/** In bytes. What is resident holds also what the heap does not: buffers, WebAssembly, native code. */
export interface Memory {
  readonly heap: number
  readonly resident: number
}

const MIB = 1024 * 1024
/** What a campaign may end with beyond what it had after its first tenth. Pages are given back late, so that the resident part swings. */
export const GROWTH: Memory = { heap: 64 * MIB, resident: 256 * MIB }

setFlagsFromString('--expose-gc')
const collect: unknown = runInNewContext('gc')

const memory = (): Memory => {
  if (typeof collect !== 'function') throw new Error('this engine has no collector to call')
  collect()
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed, resident: rss }
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
  /** Runs inputs and says which of `wanted` they reached. */
  const reached = async (inputs: readonly Uint8Array[], wanted: ReadonlySet<string>): Promise<string[]> => {
    await runAll(inputs)
    const ran = coverage.take()
    return [...wanted].filter((block) => ran.has(block))
  }
  /** Runs a batch; where it reached new code, halves it until one input is left that does, and so on for what that one does not reach. */
  const explore = async (batch: readonly Uint8Array[]): Promise<void> => {
    await runAll(batch)
    const wanted = new Set([...coverage.take()].filter((block) => !seen.has(block)))
    for (const block of wanted) seen.add(block)
    while (wanted.size > 0) {
      let inputs = batch
      while (inputs.length > 1) {
        const half = inputs.slice(0, Math.ceil(inputs.length / 2))
        inputs = (await reached(half, wanted)).length > 0 ? half : inputs.slice(half.length)
      }
      const [input] = inputs
      const theirs = input === undefined ? [] : await reached([input], wanted)
      // What only several inputs together reached, or what the engine counted otherwise, has no input to keep.
      if (input === undefined || theirs.length === 0) return
      const short = await trim(input, new Set(theirs))
      found.push(short)
      known.push(short)
      for (const block of theirs) wanted.delete(block)
    }
  }
  /** Cuts out, in ever smaller pieces, what an input does not need to reach all of `wanted`. */
  const trim = async (input: Uint8Array, wanted: ReadonlySet<string>): Promise<Uint8Array> => {
    let kept = input
    let tries = 0
    for (let piece = kept.length >> 1; piece >= 4; piece >>= 1)
      for (let at = 0; at < kept.length && tries < TRIM_TRIES; tries++) {
        const without = new Uint8Array(Buffer.concat([kept.subarray(0, at), kept.subarray(at + piece)]))
        if ((await reached([without], wanted)).length === wanted.size) kept = without
        else at += piece
      }
    return kept
  }

  await runAll(known)
  for (const block of coverage.take()) seen.add(block)
  const pool = {
    random,
    dictionary: parser.dictionary ?? [],
    other: () => random.pick(known),
  }
  let early: Memory | undefined
  let done = 0
  while (done < campaign.inputs) {
    const count = Math.min(BATCH, campaign.inputs - done)
    const batch = Array.from({ length: count }, () => mutate(random.pick(known), pool))
    if (done < LED) await explore(batch)
    else await runAll(batch)
    if (done < LED && done + count >= LED) coverage.close()
    done += count
    if (early === undefined && done >= campaign.inputs / 10) early = memory()
    campaign.onBatch?.(done)
  }
  const late = memory()
  if (done < LED) coverage.close()
  return { inputs: done, outcomes, findings, found, blocks: seen.size, early: early ?? late, late }
}
