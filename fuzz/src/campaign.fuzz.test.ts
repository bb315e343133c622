import { describe, expect, it } from 'vitest'
import { runCampaign } from './campaign.ts'
import { makeParsers } from './catalogue.ts'
import { type FuzzedParser, utf8 } from './parser.ts'
import { supervise } from './supervise.ts'

const MIB = 1024 * 1024

const run = (parse: FuzzedParser['parse'], seeds = [utf8('{"length":3}')]) =>
  runCampaign({ name: 'planted', from: 'here', seeds, parse }, { inputs: 4_000, seed: 7, corpus: [] })

describe('F2 the fuzzer finds what is planted for it', () => {
  it('F2 a crash on a byte that no seed has', async () => {
    const { findings } = await run((input) => {
      if (input.includes(0xff)) throw new RangeError('planted')
      return 'fine'
    })
    expect(findings[0]?.error).toContain('planted')
    expect(Buffer.from(findings[0]?.input ?? '', 'base64url').includes(0xff)).toBe(true)
  })

  it('F2 a promise that rejects', async () => {
    const { findings } = await run(async (input) => {
      if (input.length > 40) throw new Error('planted')
      return 'fine'
    })
    expect(findings.length).toBeGreaterThan(0)
  })

  it('F2 memory that is kept', async () => {
    const kept: Uint8Array[][] = []
    const { early, late } = await run((input) => {
      kept.push(Array.from({ length: 200 }, () => new Uint8Array(input.slice(0, 8))))
      return 'fine'
    })
    expect(late.heap - early.heap).toBeGreaterThan(kept.length * 100)
  })

  it('F2 memory beyond the heap that is kept', async () => {
    const kept: Uint8Array[] = []
    const { early, late } = await run(() => {
      kept.push(new Uint8Array(64 * 1024).fill(1))
      return 'fine'
    })
    expect(late.heap - early.heap).toBeLessThan(16 * MIB)
    // 3,600 inputs after the first tenth, 64 KiB each: 225 MiB.
    expect(late.resident - early.resident).toBeGreaterThan(150 * MIB)
    expect(kept.length).toBeGreaterThan(4_000)
  })

  it('F2 a parser that ends its process', async () => {
    const order = { group: 'planted', names: ['crashes'], inputs: 10, seed: 1 }
    const crashed = supervise(order, undefined, 60_000, new URL('./test/crashing-worker.ts', import.meta.url))
    await expect(crashed).rejects.toThrow('the parser crashes ended its process after 4 inputs (SIGSEGV)')
  })

  it('F2 what is kept is as short as reaches it', async () => {
    const envFile = (await makeParsers('text')).find(({ name }) => name === 'env-file')
    if (envFile === undefined) throw new Error('no parser of env files')
    const seeds = [utf8('NAME=word\n'.repeat(400))]
    const { found } = await runCampaign({ ...envFile, seeds }, { inputs: 4_000, seed: 7, corpus: [] })
    expect(found.length).toBeGreaterThan(0)
    for (const input of found) expect(input.length).toBeLessThan(200)
  })

  it('F2 a parser that hangs', async () => {
    const reports = await supervise(
      { group: 'planted', names: ['hangs'], inputs: 10, seed: 1 },
      undefined,
      1_500,
      new URL('./test/hanging-worker.ts', import.meta.url),
    )
    expect(reports.get('hangs')).toMatchObject({ state: 'hung' })
  })

  it('F2 the same seed makes the same inputs', async () => {
    const seen = async (): Promise<string[]> => {
      const inputs: string[] = []
      await run((input) => {
        inputs.push(Buffer.from(input).toString('hex'))
        return 'fine'
      })
      return inputs
    }
    expect(await seen()).toEqual(await seen())
  })
})
