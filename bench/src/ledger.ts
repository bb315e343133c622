import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cryptoReady } from '@countersign/crypto/ready'
import { fillServer, foundBenchTeam, type Installed, requestDrafts } from './load/bench-team.ts'
import { writeInstalled } from './load/installed-file.ts'
import { startSyncServer } from './load/sync-server.ts'
import { report } from './report.ts'

// A ledger of 10,000 entries: an unlock with its checkpoint, and all of it from an empty store, each time in a process that has just started;
// against a loop that only verifies its signatures. `node ledger.ts [ENTRIES]`

const RUNS = 3
const LIMIT_MS = 50
const CLIENT = join(import.meta.dirname, 'load', 'ledger-client.ts')

interface Run {
  readonly ms: number
  readonly loopMs: number
}

await cryptoReady()
const entries = Number(process.argv[2] ?? 10_000)
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
  for (let i = 0; i < RUNS; i++) {
    unlocks.push(await run(installed, 'unlock'))
    const storePath = join(folder, `empty-${i}`)
    whole.push(await run({ ...installed, storePath }, 'genesis'))
    await rm(storePath, { recursive: true, force: true })
  }
  await server.stop()
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
  ])
} finally {
  await rm(folder, { recursive: true, force: true })
}
