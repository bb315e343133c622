import { spawnSync } from 'node:child_process'
import { progress } from './progress.ts'
import { runCommand } from './run-command.ts'
import { ToolError } from './tool-error.ts'

/** What Electron, the virtual display and the browser tests need from Debian or Ubuntu. */
const PACKAGES = [
  'xvfb',
  'libgtk-3-0',
  'libnss3',
  'libasound2',
  'libgbm1',
  'libxss1',
  'libsecret-1-0',
  'libatk-bridge2.0-0',
  'libnotify4',
  'chromium',
]

/** Names installed now. Newer releases call some libraries NAMEt64: they count as NAME. */
function installedPackages(): Set<string> | undefined {
  const names = PACKAGES.flatMap((name) => [name, `${name}t64`])
  // It exits non-zero when it does not know one of the names, and still lists the others.
  const query = spawnSync('dpkg-query', ['--list', ...names], { encoding: 'utf8' })
  if (query.error) return undefined
  const lines = query.stdout.split('\n').filter((line) => line.startsWith('ii '))
  return new Set(lines.map((line) => (line.split(/\s+/)[1] ?? '').replace(/:.*$/, '').replace(/t64$/, '')))
}

/** Debian packages still missing; empty on systems that have no dpkg, where nobody can tell. */
export function missingSystemPackages(): string[] {
  if (process.platform !== 'linux') return []
  const installed = installedPackages()
  return installed === undefined ? [] : PACKAGES.filter((name) => !installed.has(name))
}

/**
 * Installs what is missing when run as root; a fast no-op when nothing is. Progress goes to stderr.
 *
 * @throws ToolError `system.packages` with the command to run when not root, or when apt-get fails
 */
export async function installSystemLibraries(): Promise<void> {
  const missing = missingSystemPackages()
  if (missing.length === 0) return
  const install = ['install', '-y', '--no-install-recommends', ...missing]
  if (process.getuid?.() !== 0) {
    throw new ToolError(
      'system.packages',
      `Some system packages are missing. Run this once, then try again:\n  sudo apt-get update && sudo apt-get ${install.join(' ')}`,
    )
  }
  progress(`Installing system packages: ${missing.join(' ')} …`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    await runCommand('apt-get', ['-q', 'update'], { env })
    await runCommand('apt-get', ['-q', ...install], { env })
  } catch (cause) {
    throw new ToolError('system.packages', `System packages could not be installed.\n${String(cause)}`, {
      cause,
    })
  }
}
