import { describe, expect, it } from 'vitest'
import { runCampaign } from './campaign.ts'
import { type FuzzedParser, utf8 } from './parser.ts'
import { supervise } from './supervise.ts'

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
    const { heap } = await run((input) => {
      kept.push(Array.from({ length: 200 }, () => new Uint8Array(input.slice(0, 8))))
      return 'fine'
    })
    expect(heap.late - heap.early).toBeGreaterThan(kept.length * 100)
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
