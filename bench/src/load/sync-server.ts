import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const MAIN = createRequire(import.meta.url).resolve('@countersign/sync-server/main')
export const SETUP_TOKEN = 'bench-setup-token-0123456789'

export interface RunningServer {
  readonly url: string
  readonly stop: () => Promise<unknown>
}

/** The real server in a process of its own, on a free port and this data file. */
export const startSyncServer = async (file: string, port = 0): Promise<RunningServer> => {
  const child = spawn(process.execPath, [MAIN, '--port', String(port), '--data', file], {
    env: { PATH: process.env.PATH, COUNTERSIGN_SETUP_TOKEN: SETUP_TOKEN, COUNTERSIGN_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const { url }: { url: string } = JSON.parse(line)
    const stop = () => {
      child.kill('SIGTERM')
      return once(child, 'exit')
    }
    return { url, stop }
  }
  throw new Error('the server ended before it was ready')
}
