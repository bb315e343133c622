import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { z } from 'zod'
import { repository } from '../repository.ts'

const readySchema = z.strictObject({
  localApi: z.url(),
  socket: z.string(),
  token: z.string().regex(/^cs_app_/),
  reference: z.string(),
  value: z.string(),
  server: z.url(),
  serverData: z.string(),
  profiles: z.array(z.string()).length(4),
  pids: z.array(z.number().int()),
})

const DEMO = join(repository, 'tools', 'src', 'demo.ts')

export interface Read {
  readonly status: number
  readonly value: unknown
  readonly code: unknown
}

/** `demo --json` as a script uses it: one line when it is ready, then a line for a line. */
export class DemoProcess {
  readonly child: ChildProcess
  readonly ready: z.infer<typeof readySchema>
  readonly exited: Promise<number | null>
  readonly #nextLine: () => Promise<string>

  private constructor(
    child: ChildProcess,
    ready: z.infer<typeof readySchema>,
    exited: Promise<number | null>,
    nextLine: () => Promise<string>,
  ) {
    this.child = child
    this.ready = ready
    this.exited = exited
    this.#nextLine = nextLine
  }

  /** `program` runs the demo in its own way. A process group of its own, as a shell gives. */
  static spawn(
    [command, ...before]: readonly [string, ...string[]],
    env: Record<string, string> = {},
  ): { child: ChildProcessByStdio<Writable, Readable, null>; exited: Promise<number | null> } {
    const child = spawn(command, [...before, DEMO, '--json'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...env },
      detached: true,
    })
    return { child, exited: new Promise((resolve) => child.once('exit', resolve)) }
  }

  static async start(program: readonly [string, ...string[]] = [process.execPath]): Promise<DemoProcess> {
    const { child, exited } = DemoProcess.spawn(program)
    const lines: string[] = []
    const waiting: ((line: string) => void)[] = []
    createInterface({ input: child.stdout }).on('line', (line) => {
      const reader = waiting.shift()
      if (reader === undefined) lines.push(line)
      else reader(line)
    })
    const nextLine = (): Promise<string> => {
      const line = lines.shift()
      return line === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(line)
    }
    const ended = exited.then((code) => {
      throw new Error(`the demo ended with ${code} before it was ready`)
    })
    const ready = readySchema.parse(JSON.parse(await Promise.race([nextLine(), ended])))
    return new DemoProcess(child, ready, exited, nextLine)
  }

  /** Writes one line as it is, and gives the answer. */
  async say(line: string): Promise<Record<string, unknown>> {
    this.child.stdin?.write(`${line}\n`)
    const reply: unknown = JSON.parse(await this.#nextLine())
    return z.record(z.string(), z.unknown()).parse(reply)
  }

  command(what: Record<string, string>): Promise<Record<string, unknown>> {
    return this.say(JSON.stringify(what))
  }

  /** Where the bound credential is read. */
  get path(): string {
    return `/v1/credentials/${this.ready.reference.slice('cs://'.length)}`
  }

  async read(token = this.ready.token): Promise<Read> {
    const response = await fetch(new URL(this.path, this.ready.localApi), {
      headers: { authorization: `Bearer ${token}` },
    })
    const body = z.record(z.string(), z.unknown()).parse(await response.json())
    return { status: response.status, value: body.value, code: body.code }
  }
}
