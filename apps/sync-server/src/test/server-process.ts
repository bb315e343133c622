import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const MAIN = join(import.meta.dirname, '..', 'main.ts')

export interface ServerProcess {
  readonly child: ChildProcess
  readonly url: string
  readonly ready: { readonly url: string; readonly setupToken?: string }
  /** Everything on standard error so far. */
  log(): string
  end(signal: NodeJS.Signals): Promise<number | null>
}

export interface ExitedProcess {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export const newDataFolder = (): { folder: string; file: string; remove: () => void } => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-process-'))
  return {
    folder,
    file: join(folder, 'server.db'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

const launch = (args: readonly string[], environment: Record<string, string>) => {
  const env = { PATH: process.env.PATH ?? '', COUNTERSIGN_PORT: '0', ...environment }
  const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString()
  })
  return { child, output, exited: once(child, 'exit').then(([status]) => status as number | null) }
}

/** Starts the real program and waits for its ready line; throws with its log if it ends before. */
export const startProcess = async (
  file: string,
  environment: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<ServerProcess> => {
  const { child, output, exited } = launch(args, { COUNTERSIGN_DATA: file, ...environment })
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const end = output.stdout.indexOf('\n')
      if (end >= 0) resolve(output.stdout.slice(0, end))
    })
    void exited.then((status) => reject(new Error(`the server ended with ${status}: ${output.stderr}`)))
  })
  const parsed = JSON.parse(await ready)
  return {
    child,
    url: parsed.url,
    ready: parsed,
    log: () => output.stderr,
    end: (signal) => {
      child.kill(signal)
      return exited
    },
  }
}

/** Runs the program until it ends by itself. */
export const runProcess = async (
  args: readonly string[],
  environment: Record<string, string>,
): Promise<ExitedProcess> => {
  const { child, output, exited } = launch(args, environment)
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  const status = await exited
  clearTimeout(timer)
  return { status, ...output }
}
