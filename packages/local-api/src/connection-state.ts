import type { Socket } from 'node:net'
import type { CallerFinder, SeenExecutable } from './caller/caller-finder.ts'
import type { Transport } from './defence.ts'

const EXECUTABLE_FRESH_MS = 2000

type Executable = SeenExecutable | null

/** What is remembered about a connection: who is at its other end, and how often it showed a wrong token. */
export class ConnectionState {
  readonly transport: Transport
  readonly hosts: ReadonlySet<string>
  badTokens = 0
  readonly #socket: Socket
  readonly #finder: CallerFinder
  #user: Promise<number | null> | undefined
  /** Once known: the peer is this user, or cannot be told. */
  #isOwnUser: boolean | undefined
  #executable: { at: number; seen: Promise<Executable> } | undefined

  constructor(socket: Socket, transport: Transport, hosts: ReadonlySet<string>, finder: CallerFinder) {
    this.#socket = socket
    this.transport = transport
    this.hosts = hosts
    this.#finder = finder
  }

  get socket(): Socket {
    return this.#socket
  }

  /** True or false once known, undefined until `checkUser` was awaited. The socket's 0600 answers for itself. */
  get ownUser(): boolean | undefined {
    return this.transport === 'socket' ? true : this.#isOwnUser
  }

  /** Loopback is open to every user of the machine: only this one's programs are served. Unknown passes, where the system cannot tell. */
  async checkUser(): Promise<boolean> {
    this.#user ??= this.#finder.userOf(this.#socket)
    const uid = await this.#user
    const own = process.getuid?.()
    this.#isOwnUser = uid === null || own === undefined || uid === own
    return this.#isOwnUser
  }

  /** The executable at the other end, looked at again every two seconds: a process may become another by exec. */
  executable(now: number): Promise<Executable> {
    const known = this.#executable
    if (known === undefined) this.#executable = { at: now, seen: this.#finder.executableOf(this.#socket) }
    else if (now - known.at > EXECUTABLE_FRESH_MS)
      this.#executable = { at: now, seen: this.#again(known.seen) }
    return this.#executable?.seen ?? Promise.resolve(null)
  }

  /** The same process is only asked what it runs now; where it is gone, the search starts afresh. */
  async #again(before: Promise<Executable>): Promise<Executable> {
    const seen = await before
    const now = seen === null ? null : await this.#finder.executableNow(seen.process)
    return now ?? (await this.#finder.executableOf(this.#socket))
  }
}
