import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { progress } from './progress.ts'

// The download is given up when nothing arrives for this long; a slow line that moves may take its time.
const STALL_MS = 20_000
const LIMIT_MS = 15 * 60_000

export interface OfficialElectron {
  executable: string
  version: string
}

const packageFolder = (): string => dirname(createRequire(import.meta.url).resolve('electron/package.json'))

/** The runtime that the `electron` package has downloaded before, if it is complete. */
export function installedOfficialElectron(): OfficialElectron | undefined {
  try {
    const folder = packageFolder()
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }
    const installed = readFileSync(join(folder, 'dist/version'), 'utf8').trim().replace(/^v/, '')
    const executable = join(folder, 'dist', readFileSync(join(folder, 'path.txt'), 'utf8'))
    return installed === version && statSync(executable).isFile() ? { executable, version } : undefined
  } catch {
    return undefined
  }
}

function bytesIn(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) {
      // A file may be renamed between the listing and this look at it.
      bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0
    }
  }
  return bytes
}

/**
 * Lets the `electron` package download its runtime, which checks it against the checksums the package carries.
 *
 * @returns undefined when its download host cannot be reached from here, or nothing has arrived for 20 seconds
 */
export async function downloadOfficialElectron(): Promise<OfficialElectron | undefined> {
  const folder = packageFolder()
  const download = await mkdtemp(join(tmpdir(), 'countersign-electron-'))
  try {
    progress('Downloading Electron …')
    await new Promise<void>((resolve) => {
      // A temporary folder of its own shows how much has arrived.
      const env = { ...process.env, TMPDIR: download, TEMP: download, TMP: download }
      const child = spawn(process.execPath, [join(folder, 'install.js')], { env, stdio: 'ignore' })
      const started = Date.now()
      let lastBytes = 0
      let lastChange = started
      const watch = setInterval(() => {
        const bytes = bytesIn(download)
        const now = Date.now()
        // Once the download is whole, unpacking writes elsewhere: then only the overall limit counts.
        if (bytes !== lastBytes) lastChange = now
        const waiting = bytes < 50_000_000 && now - lastChange > STALL_MS
        if (waiting || now - started > LIMIT_MS) child.kill('SIGKILL')
        lastBytes = bytes
      }, 1000)
      const end = () => {
        clearInterval(watch)
        resolve()
      }
      child.once('error', end)
      child.once('close', end)
    })
  } finally {
    await rm(download, { recursive: true, force: true })
  }
  return installedOfficialElectron()
}
