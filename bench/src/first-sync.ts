import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cryptoReady } from '@countersign/crypto/ready'
import { addDevice, fillServer, foundBenchTeam, type Installed, itemDrafts } from './load/bench-team.ts'
import { writeInstalled } from './load/installed-file.ts'
import { startSyncServer } from './load/sync-server.ts'
import { median, type Row, report } from './report.ts'

// First sync of a new device of a holder: the real server process, and for each run a client process of its own with an empty store
// (load/first-sync-client.ts). Against a loop that only opens the same bytes. `node first-sync.ts [ITEMS]`

const RUNS = 3
const LIMIT_MS = 5_000
const CLIENT = join(import.meta.dirname, 'load', 'first-sync-client.ts')

interface Run {
  readonly usableMs: number
  readonly checkedMs: number
  readonly loopMs: number
  readonly peakBytes: number
  readonly plaintextBytes: number
}

const runClient = async (installed: Installed, folder: string, items: number): Promise<Run> => {
  const file = join(folder, 'installed.bin')
  writeInstalled(file, installed, join(folder, 'keys'))
  const { stdout } = await promisify(execFile)(process.execPath, [CLIENT, file, String(items)])
  await rm(installed.storePath, { recursive: true, force: true })
  return JSON.parse(stdout)
}

const measure = async (items: number): Promise<Run[]> => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-first-sync-'))
  try {
    await mkdir(folder, { recursive: true })
    const file = join(folder, 'server.db')
    const setUp = await startSyncServer(file)
    const first = await foundBenchTeam(folder, setUp.url)
    const second = await addDevice(folder, first)
    await setUp.stop()
    await fillServer(file, first, items, (session, from, count) =>
      itemDrafts(session, first.environment, from, count),
    )
    const server = await startSyncServer(file, Number(new URL(setUp.url).port))
    const runs: Run[] = []
    for (let run = 0; run < RUNS; run++) runs.push(await runClient(second, folder, items))
    await server.stop()
    return runs
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const rowsOf = (runs: readonly Run[], items: number): Row[] => {
  const usable = runs.map(({ usableMs }) => usableMs)
  const loop = runs.map(({ loopMs }) => loopMs)
  return [
    {
      what: 'usable list / only opening the same bytes',
      ours: usable,
      theirs: loop,
      unit: 'ms',
      target: { max: 2 },
    },
    {
      what: `usable list / ${(LIMIT_MS * items) / 100_000} ms`,
      ours: usable,
      theirs: usable.map(() => (LIMIT_MS * items) / 100_000),
      unit: 'ms',
      target: { max: 1 },
    },
    {
      what: 'memory at its peak, beyond idle / the plaintext',
      ours: runs.map(({ peakBytes }) => peakBytes / 2 ** 20),
      theirs: runs.map(({ plaintextBytes }) => plaintextBytes / 2 ** 20),
      unit: 'MiB',
      target: { max: 3 },
    },
    {
      what: 'apart: until every signature is checked / loop',
      ours: runs.map(({ checkedMs }) => checkedMs),
      theirs: loop,
      unit: 'ms',
      target: { max: 20 },
    },
  ]
}

await cryptoReady()
const items = Number(process.argv[2] ?? 100_000)
const small = await measure(items / 10)
report(`first sync, ${items / 10} items`, rowsOf(small, items / 10))
const large = await measure(items)
report(`first sync, ${items} items`, rowsOf(large, items))
const growth = (of: (run: Run) => number): string =>
  Math.log10(median(large.map(of)) / median(small.map(of))).toFixed(2)
const exponents = { usable: growth((run) => run.usableMs), checked: growth((run) => run.checkedMs) }
console.log(`  growth exponent: usable ${exponents.usable}, checked ${exponents.checked}`)
console.log(JSON.stringify({ bench: 'first sync, growth exponent', ...exponents }))
