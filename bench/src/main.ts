import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

// Runs every bench of this folder, one after the other, each in a process of its own so that none warms up another.
// `node bench/src/main.ts NAME…` runs those named.

const NOT_BENCHES = new Set(['main.ts', 'report.ts'])
const wanted = process.argv.slice(2)
const benches = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !NOT_BENCHES.has(file))
  .filter((file) => wanted.length === 0 || wanted.includes(file.slice(0, -3)))
  .sort()

if (benches.length === 0) {
  console.error(`no such bench: ${wanted.join(', ')}`)
  process.exit(1)
}
const failed = benches.filter(
  (file) => spawnSync(process.execPath, [join(import.meta.dirname, file)], { stdio: 'inherit' }).status !== 0,
)
if (failed.length > 0) console.error(`failed: ${failed.join(', ')}`)
process.exit(failed.length > 0 ? 1 : 0)
