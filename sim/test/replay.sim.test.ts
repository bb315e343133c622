import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { shrink } from '../src/run/shrink.ts'
import { SimWorker } from '../src/run/sim-worker.ts'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
/** A product without its quorum, and a seed that gets there. */
const MUTATION = 'no-quorum'
const SEED = 1

const sim = (...args: string[]): Promise<{ code: number | null; out: string; err: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text
    })
    child.once('close', (code) => resolve({ code, out, err }))
  })

describe('a failing run', () => {
  test('is made smaller as long as the same invariant breaks, and what is left breaks it again, the same way', async () => {
    const worker = await SimWorker.start(MUTATION)
    try {
      const failed = await worker.run({ seed: SEED })
      expect(failed.violation?.invariant).toBe('grant-quorum')
      const shrunk = await shrink(failed, (keep) => worker.run({ seed: SEED, keep: [...keep] }))
      expect(shrunk.violation.invariant).toBe('grant-quorum')
      expect(shrunk.keep.length).toBeGreaterThan(0)
      expect(shrunk.keep.length).toBeLessThan(failed.planned)
      const again = [await worker.run({ seed: SEED, keep: [...shrunk.keep] })]
      again.push(await worker.run({ seed: SEED, keep: [...shrunk.keep] }))
      for (const each of again) expect(each.violation).toEqual(shrunk.violation)
      expect(again[0]?.digest).toBe(again[1]?.digest)
      // Nothing of it can be left out.
      for (const one of shrunk.keep) {
        const keep = shrunk.keep.filter((each) => each !== one)
        expect((await worker.run({ seed: SEED, keep })).violation?.invariant).not.toBe('grant-quorum')
      }
    } finally {
      worker.end()
    }
  })

  test('is shown with what happens in it, against the product without that check, and passes against the whole one', async () => {
    const broken = await sim('--seed', String(SEED), '--mutation', MUTATION)
    expect(broken.code).toBe(1)
    expect(broken.out).toContain(`seed ${SEED} breaks grant-quorum`)
    expect(broken.out.split('\n').length).toBeGreaterThan(10)
    const whole = await sim('--seed', String(SEED))
    expect(whole.code).toBe(0)
    expect(whole.out).toContain('every invariant held')
  })

  test('of many is named with its invariant; where nobody looks, a line at each twentieth tells how far it came', async () => {
    const some = ['--seeds', '3', '--from', String(SEED), '--workers', '1']
    const broken = await sim(...some, '--mutation', MUTATION)
    expect(broken.code).toBe(1)
    expect(broken.out).toContain(`seed ${SEED} breaks grant-quorum`)
    expect(broken.err).toContain('3/3 seeds')
    const whole = await sim(...some, '--json')
    expect(whole.code).toBe(0)
    expect(JSON.parse(whole.out.trim().split('\n').at(-1) ?? '')).toMatchObject({ seeds: 3, failures: [] })
  })
})
