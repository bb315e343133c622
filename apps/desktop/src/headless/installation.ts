import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { CallName, CallReply, CallRequest, CallResult, CoreEvent } from '../shared/contract.ts'
import { CoreHost } from '../supervisor/core-host.ts'
import type { StartCause } from '../supervisor/core-process.ts'
import { profileDirs } from '../supervisor/profile-dirs.ts'
import { spawnNodeCore } from './spawn-node-core.ts'

/** A call of the contract was refused where its caller counted on it. */
export class InstallationError extends Error {
  override readonly name = 'InstallationError'
  readonly code: string
  readonly fix: string

  constructor(call: string, error: { code: string; message: string; fix: string }) {
    super(`${call}: ${error.message} (${error.code})`)
    this.code = error.code
    this.fix = error.fix
  }
}

/** One installation without windows: the same core program under plain Node, with software security keys. */
export class Installation {
  readonly profileDir: string
  readonly runtimeDir: string
  readonly #host: CoreHost
  readonly #listeners = new Set<(event: CoreEvent) => void>()

  constructor(profileDir: string) {
    const dirs = profileDirs(profileDir, false, process.env)
    this.profileDir = dirs.profileDir
    this.runtimeDir = dirs.runtimeDir
    this.#host = new CoreHost({
      spawn: spawnNodeCore,
      start: { ...dirs, authenticator: 'software', tryOut: true, canWrap: false },
      services: {
        onEvent: (event) => {
          for (const listener of [...this.#listeners]) listener(event)
        },
        onIdleLock: () => undefined,
        openSigning: () => undefined,
        copyToClipboard: () => undefined,
        openCeremony: (_id, _purpose, answer) => answer(null),
        closeCeremony: () => undefined,
        saveAs: async (name) => {
          await mkdir(this.exportsDir, { recursive: true, mode: 0o700 })
          return join(this.exportsDir, name)
        },
        openFile: async () => this.fileToOpen,
        wrap: () => null,
        unwrap: () => null,
      },
    })
  }

  /** What a person would choose when they are asked for a file. */
  fileToOpen: string | null = null

  /** Where files go that a person would be asked about. */
  get exportsDir(): string {
    return join(this.profileDir, 'exports')
  }

  /** Of the core process that runs now; undefined between two of them. */
  get pid(): number | undefined {
    return this.#host.pid
  }

  /** Throws where the core says that it cannot start. */
  ready(): Promise<void> {
    return this.#host.ready()
  }

  onEvent(listener: (event: CoreEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the app window calls. */
  call<N extends CallName>(name: N, request: CallRequest<N>): Promise<CallResult<N>> {
    return this.#host.call(name, request)
  }

  /** What the signing window of `signing` calls. */
  callSigning<N extends CallName>(signing: string, name: N, request: CallRequest<N>): Promise<CallResult<N>> {
    return this.#host.call(name, request, { window: 'signing', signing })
  }

  /** `call`, for a caller that has no use for a refusal: throws InstallationError. */
  async must<N extends CallName>(name: N, request: CallRequest<N>): Promise<CallReply<N>> {
    return unwrapped(name, await this.call(name, request))
  }

  async mustSigning<N extends CallName>(
    signing: string,
    name: N,
    request: CallRequest<N>,
  ): Promise<CallReply<N>> {
    return unwrapped(name, await this.callSigning(signing, name, request))
  }

  /** Resolves when the process that held the keys is gone. */
  lock(cause: StartCause = 'lock'): Promise<void> {
    return this.#host.lock(cause)
  }

  stop(): Promise<void> {
    return this.#host.stop()
  }
}

const unwrapped = <N extends CallName>(name: N, result: CallResult<N>): CallReply<N> => {
  if (!result.ok) throw new InstallationError(name, result.error)
  return result.value
}

export const startInstallation = async (profileDir: string): Promise<Installation> => {
  const installation = new Installation(profileDir)
  await installation.ready()
  return installation
}
