import type { Socket } from 'node:net'
import type { CallerFinder, SeenExecutable } from './caller/caller-finder.ts'
import { CALLER_FRESH_MS, type ProgramLooks } from './caller/program-looks.ts'
import type { Transport } from './defence.ts'

type Executable = SeenExecutable | null

/** What is remembered about a connection: who is at its other end, and how often it showed a wrong token. */
export class ConnectionState {
  readonly transport: Transport
  readonly hosts: ReadonlySet<string>
  badTokens = 0
  readonly #socket: Socket
  readonly #finder: CallerFinder
  readonly #looks: ProgramLooks
  #user: Promise<number | null> | undefined
  /** Once known: the peer is this user, or this system tells nobody's. */
  #isOwnUser: boolean | undefined
  #known: { at: number; readonly seen: SeenExecutable } | undefined
  #search: Promise<Executable> | undefined

  constructor(
    socket: Socket,
    transport: Transport,
    hosts: ReadonlySet<string>,
    finder: CallerFinder,
    looks: ProgramLooks,
  ) {
    this.#looks = looks
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

  /** Loopback is open to every user of the machine: only this one's programs are served. Unknown passes only where the system never tells. */
  async checkUser(): Promise<boolean> {
    this.#user ??= this.#finder.userOf(this.#socket)
    const uid = await this.#user
    const own = process.getuid?.()
    const unknown = uid === null && !this.#finder.tellsUsers
    this.#isOwnUser = unknown || own === undefined || uid === own
    return this.#isOwnUser
  }

  /**
   * The program at the other end, if it is known and still the one seen: same process, same file, same socket. The system is asked, no
   * more often than every 50 ms. Undefined: `executable` has to search.
   */
  knownExecutable(now: number): SeenExecutable | undefined {
    const known = this.#known
    if (known === undefined) return undefined
    const age = now - known.at
    if (age >= 0 && age < CALLER_FRESH_MS) return known.seen
    const { seen } = known
    const at = this.#finder.holdsSocket(seen.socket) ? this.#looks.lookedAt(seen, now) : undefined
    if (at === undefined) {
      this.#known = undefined
      return undefined
    }
    known.at = at
    return seen
  }

  /** The program at the other end, searched for; requests that come meanwhile share the search. */
  executable(now: number): Promise<Executable> {
    this.#search ??= this.#find(now).finally(() => {
      this.#search = undefined
    })
    return this.#search
  }

  async #find(now: number): Promise<Executable> {
    const seen = await this.#finder.executableOf(this.#socket)
    this.#known = seen === null ? undefined : { at: now, seen }
    return seen
  }
}
