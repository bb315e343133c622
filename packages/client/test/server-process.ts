import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = resolve(import.meta.dirname, '../../../apps/sync-server/src/main.ts')

/** The real sync server as a process of its own, on a free port and a data file that outlives restarts. */
export class ServerProcess {
  readonly folder: string
  readonly setupToken: string
  #child: ChildProcess | null = null
  #port = 0

  private constructor(folder: string) {
    this.folder = folder
    this.setupToken = `test-token-${folder.slice(-6)}-0123456789`
  }

  static async start(): Promise<ServerProcess> {
    const server = new ServerProcess(await mkdtemp(join(tmpdir(), 'countersign-server-')))
    await server.start()
    return server
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  get dataFile(): string {
    return join(this.folder, 'server.db')
  }

  /** Starts again on the same port and data. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env.PATH,
        COUNTERSIGN_PORT: String(this.#port),
        COUNTERSIGN_DATA: this.dataFile,
        COUNTERSIGN_SETUP_TOKEN: this.setupToken,
        COUNTERSIGN_LOG_LEVEL: 'error',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    for await (const line of createInterface({ input: child.stdout })) {
      this.#port = Number(new URL(JSON.parse(line).url).port)
      return
    }
    throw new Error('the server ended before it was ready')
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = null
    if (child === null || child.exitCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }

  async remove(): Promise<void> {
    await this.stop('SIGKILL')
    await rm(this.folder, { recursive: true, force: true })
  }
}
