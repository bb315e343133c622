import { type ChildProcess, fork } from 'node:child_process'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InstallationError } from '@countersign/desktop/headless/installation'
import type { CallName, CallReply, CallRequest, CallResult } from '@countersign/desktop/shared/contract'

const HOST = fileURLToPath(new URL('./lone-host.ts', import.meta.url))

/** A headless installation whose host is a process of its own, so that its memory can be looked at from outside. */
export class LoneInstallation {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: unknown) => void>()
  #next = 1

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', ({ id, answer }: { id: number; answer: unknown }) => {
      this.#waiting.get(id)?.(answer)
      this.#waiting.delete(id)
    })
  }

  static async start(profileDir: string): Promise<LoneInstallation> {
    const lone = new LoneInstallation(
      // Where its processes would leave what they leave: beside the profile.
      fork(HOST, [profileDir], {
        cwd: dirname(profileDir),
        serialization: 'advanced',
        execArgv: [],
        stdio: 'inherit',
      }),
    )
    await lone.#ask({ do: 'ready' })
    return lone
  }

  /** Of the host: what main is in the desktop app. */
  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the host did not start')
    return this.#child.pid
  }

  async corePid(): Promise<number> {
    const pid = await this.#ask({ do: 'core' })
    if (typeof pid !== 'number') throw new Error('no core runs now')
    return pid
  }

  /** Throws InstallationError where it is refused. */
  async must<N extends CallName>(name: N, request: CallRequest<N>): Promise<CallReply<N>> {
    const result = (await this.#ask({ do: 'call', name, request })) as CallResult<N>
    if (!result.ok) throw new InstallationError(name, result.error)
    return result.value
  }

  /** Resolves when the next core runs. */
  async lock(): Promise<void> {
    await this.#ask({ do: 'lock' })
    await this.#ask({ do: 'ready' })
  }

  async stop(): Promise<void> {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve))
    void this.#ask({ do: 'stop' })
    await exited
  }

  #ask(order: object): Promise<unknown> {
    const id = this.#next++
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send({ id, ...order })
    })
  }
}
