import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../../apps/sync-server/src/main.ts', import.meta.url))
const START_TIMEOUT_MS = 20_000
const STOP_TIMEOUT_MS = 5_000

export interface SyncServerOptions {
  /** The database file; made where it does not exist. */
  dataFile: string
  /** Unused: any free one at the first start, the same one at later starts. */
  port?: number
  /** As much as it can tell is kept in `output`, and shown to nobody. */
  keepLog?: boolean
}

/** A real sync server in a process of its own, on the embedded store, that can be stopped and started again on its port. */
export class SyncServerProcess {
  readonly dataFile: string
  /** What it wrote after saying that it is ready, where its log is kept. */
  readonly output: string[] = []
  readonly #keepLog: boolean
  #port: number
  #child: ChildProcess | null = null
  #url = ''
  #setupToken: string | null = null

  constructor(options: SyncServerOptions) {
    this.dataFile = options.dataFile
    this.#keepLog = options.keepLog === true
    this.#port = options.port ?? 0
  }

  get url(): string {
    return this.#url
  }

  /** Generated at the first start on a new database. */
  get setupToken(): string {
    if (this.#setupToken === null) throw new Error('this server made its set-up token at an earlier start')
    return this.#setupToken
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Nothing where it runs already. */
  async start(): Promise<void> {
    if (this.#child !== null) return
    const child = spawn(process.execPath, [MAIN, '--print-setup-token'], {
      env: {
        ...process.env,
        COUNTERSIGN_DATA: this.dataFile,
        COUNTERSIGN_HOST: '127.0.0.1',
        COUNTERSIGN_PORT: String(this.#port),
        COUNTERSIGN_LOG_LEVEL: this.#keepLog ? 'debug' : (process.env.COUNTERSIGN_LOG_LEVEL ?? 'warn'),
      },
      stdio: ['ignore', 'pipe', this.#keepLog ? 'pipe' : 'inherit'],
    })
    this.#child = child
    child.stderr?.on('data', (chunk) => this.output.push(String(chunk)))
    child.once('exit', () => {
      if (this.#child === child) this.#child = null
    })
    const line = await firstLine(child)
    if (this.#keepLog) child.stdout?.on('data', (chunk) => this.output.push(String(chunk)))
    const ready: unknown = JSON.parse(line)
    if (typeof ready !== 'object' || ready === null || !('url' in ready) || typeof ready.url !== 'string')
      throw new Error('the sync server did not say where it listens')
    this.#url = ready.url
    this.#port = Number(new URL(ready.url).port)
    if ('setupToken' in ready && typeof ready.setupToken === 'string') this.#setupToken = ready.setupToken
  }

  /** As its service manager would: it drains, and is killed only if it does not. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child
    if (child === null) return
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
    child.kill(signal)
    await exited
    clearTimeout(late)
  }
}

const firstLine = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    if (child.stdout === null) throw new Error('the sync server was started without its stdout')
    const late = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error('the sync server did not start in time'))
    }, START_TIMEOUT_MS)
    child.once('exit', (code) => {
      clearTimeout(late)
      reject(new Error(`the sync server ended with code ${code} before it was ready`))
    })
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(late)
      resolve(line)
    })
  })
