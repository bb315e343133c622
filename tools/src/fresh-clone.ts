import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { progress } from './progress.ts'
import { repository } from './repository.ts'
import { runCommand } from './run-command.ts'

// `node tools/src/fresh-clone.ts [SCRIPT …]` clones HEAD into a temporary folder and runs `npx -y pnpm@12 SCRIPT …`
// there as somebody would who has never used the project: empty home, no package store, no cache. Default: test.

/** The environment less what belongs to this checkout, its package manager or its user's folders. */
function strangerEnvironment(home: string): NodeJS.ProcessEnv {
  const own = /^(npm_|pnpm_|PNPM_|NODE_|INIT_CWD$|XDG_|COUNTERSIGN_|ELECTRON_)/
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !own.test(name)))
  const path = (env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules/.bin'))
  return { ...env, HOME: home, PATH: path.join(':') }
}

const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`

const script = process.argv.length > 2 ? process.argv.slice(2) : ['test']
const folder = mkdtempSync(join(tmpdir(), 'countersign-fresh-'))
const home = join(folder, 'home')
const clone = join(folder, 'countersign')
mkdirSync(home)
try {
  await runCommand('git', ['clone', '--quiet', '--no-hardlinks', repository, clone])
  progress(`Running npx -y pnpm@12 ${script.join(' ')} in a fresh clone of HEAD …`)
  const started = performance.now()
  process.exitCode = await new Promise<number>((resolve, reject) => {
    const child = spawn('npx', ['-y', 'pnpm@12', ...script], {
      cwd: clone,
      env: strangerEnvironment(home),
      stdio: ['inherit', 'pipe', 'inherit'],
    })
    child.stdout.once('data', () => progress(`[first output after ${seconds(started)}]`))
    child.stdout.pipe(process.stdout)
    // The clone's own commands end themselves; this process stays to clear up after them.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 1))
  })
  progress(`[ended with ${process.exitCode} after ${seconds(started)}]`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
