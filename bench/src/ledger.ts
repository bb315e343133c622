import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { cryptoReady } from '@countersign/crypto/ready'
import { fillServer, foundBenchTeam, type Installed, requestDrafts } from './load/bench-team.ts'
import { writeInstalled } from './load/installed-file.ts'
import { startSyncServer } from './load/sync-server.ts'
import { median, report, reportGrowth } from './report.ts'

// A ledger of 10,000 entries: an unlock with its checkpoint, and all of it from an empty store, each time in a process that has just started;
// against a loop that only verifies its signatures. `node ledger.ts [ENTRIES] [--growth]`: with a tenth and with ten times as many entries, too.

const RUNS = 3
const LIMIT_MS = 50
const CLIENT = join(import.meta.dirname, 'load', 'ledger-client.ts')

interface Run {
  readonly ms: number
  /** Processor time of all threads, the operating system's included. */
  readonly cpuMs: number
  readonly loopMs: number
}

interface Measured {
  readonly unlocks: readonly Run[]
  readonly whole: readonly Run[]
}

const measure = async (entries: number, runs: number): Promise<Measured> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-ledger-'))
  try {
    const data = join(folder, 'server.db')
    const setUp = await startSyncServer(data)
    const installed = await foundBenchTeam(folder, setUp.url)
    await setUp.stop()
    const { environment } = installed
    await fillServer(data, installed, entries, (session, _from, count) =>
      requestDrafts(session, environment, count),
    )
    const server = await startSyncServer(data, Number(new URL(setUp.url).port))
    const run = async (machine: Installed, mode: string): Promise<Run> => {
      const file = join(folder, 'installed.bin')
      writeInstalled(file, machine, join(folder, 'keys'))
      const args = [CLIENT, file, String(entries / 2), mode]
      return JSON.parse((await promisify(execFile)(process.execPath, args)).stdout)
    }
    // Fetches all of it, then writes the checkpoint.
    await run(installed, 'checkpoint')
    await run(installed, 'checkpoint')
    const unlocks: Run[] = []
    const whole: Run[] = []
    for (let i = 0; i < runs; i++) {
      unlocks.push(await run(installed, 'unlock'))
      const storePath = join(folder, `empty-${i}`)
      whole.push(await run({ ...installed, storePath }, 'genesis'))
      await rm(storePath, { recursive: true, force: true })
    }
    await server.stop()
    return { unlocks, whole }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const reportOn = (entries: number, { unlocks, whole }: Measured): void =>
  report(`ledger of ${entries} entries`, [
    {
      what: 'unlock with a checkpoint / the limit',
      ours: unlocks.map(({ ms }) => ms),
      theirs: unlocks.map(() => LIMIT_MS),
      unit: 'ms',
      target: { max: 1 },
    },
    {
      what: 'from an empty store / only its signatures',
      ours: whole.map(({ ms }) => ms),
      theirs: whole.map(({ loopMs }) => loopMs),
      unit: 'ms',
      target: { max: 1.3 },
    },
    {
      what: 'the same, processor time of all threads',
      ours: whole.map(({ cpuMs }) => cpuMs),
      theirs: whole.map(({ loopMs }) => loopMs),
      unit: 'ms',
      target: { max: 2 },
    },
  ])

await cryptoReady()
const { values, positionals } = parseArgs({
  options: { growth: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const entries = Number(positionals[0] ?? 10_000)
const sizes = values.growth ? [entries / 10, entries, entries * 10] : [entries]
const measured: [number, Measured][] = []
for (const size of sizes) {
  const found = await measure(size, size > entries ? 1 : RUNS)
  reportOn(size, found)
  measured.push([size, found])
}
if (values.growth) {
  const timesOf = (of: (found: Measured) => readonly Run[]) =>
    measured.map(([size, found]) => ({ size, ms: median(of(found).map(({ ms }) => ms)) }))
  reportGrowth(
    'unlock with a checkpoint',
    timesOf(({ unlocks }) => unlocks),
  )
  reportGrowth(
    'from an empty store',
    timesOf(({ whole }) => whole),
  )
}
