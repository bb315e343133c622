import {
  type CallError,
  type CallName,
  type CallResult,
  type CoreEvent,
  contract,
} from '../shared/contract.ts'
import {
  type CallMessage,
  type CoreMessage,
  coreMessageSchema,
  type HostMessage,
  type StartMessage,
} from '../shared/host-protocol.ts'
import type { CoreProcess, SpawnCore, StartCause } from './core-process.ts'
import { firstStep, type Step, type SupervisorInput, type SupervisorState, step } from './supervisor-state.ts'

/** What the core asks of the program around it. */
export interface HostServices<Port> {
  onEvent(event: CoreEvent): void
  onIdleLock(idleLockMs: number): void
  openSigning(request: string): void
  copyToClipboard(text: string, clearAfterMs: number): void
  /** Opens a ceremony window; `answer` is called with its port, or with null when it was closed (also later). */
  openCeremony(id: number, purpose: string, answer: (port: Port | null) => void): void
  closeCeremony(id: number): void
  /** Asks the person where to put a file; null: nowhere. */
  saveAs(name: string): Promise<string | null>
  /** Asks the person which file to read; null: none. */
  openFile(): Promise<string | null>
  /** Null where no real backend can keep it (P14). */
  wrap(bytes: Uint8Array): Uint8Array | null
  unwrap(bytes: Uint8Array): Uint8Array | null
}

export interface CoreHostOptions<Port> {
  spawn: SpawnCore<Port>
  start: Omit<StartMessage, 'type' | 'cause'>
  services: HostServices<Port>
}

export type Caller = Pick<CallMessage, 'window' | 'signing'>
/** As the message to the core may have it. */
const LONGEST_PATH = 4096
const APP: Caller = { window: 'app', signing: null }

const LOCKED: CallError = {
  code: 'core.locked',
  message: 'Countersign was locked before this was done.',
  fix: 'Unlock and try again.',
}
const STOPPED: CallError = {
  code: 'core.stopped',
  message: 'Countersign is closing.',
  fix: 'Start it again.',
}
const BAD_REPLY: CallError = {
  code: 'core.bad_reply',
  message: "The core's answer had the wrong form.",
  fix: 'Lock and unlock; report it if it comes back.',
}
const refuse = (error: CallError): { ok: false; error: CallError } => ({ ok: false, error })

interface PendingCall {
  message: CallMessage
  sent: boolean
  settle(result: { ok: true; value: unknown } | { ok: false; error: CallError }): void
}

/**
 * Runs the core program, restarts it without keys on lock and crash, carries calls in and events out.
 * Calls made while a core starts wait for it; a lock refuses them.
 */
export class CoreHost<Port = never> {
  readonly #options: CoreHostOptions<Port>
  readonly #pending = new Map<number, PendingCall>()
  readonly #stateListeners = new Set<(state: SupervisorState) => void>()
  #state: SupervisorState
  #process: CoreProcess<Port> | null = null
  #timer: NodeJS.Timeout | undefined
  #nextId = 1

  constructor(options: CoreHostOptions<Port>, cause: StartCause = 'start') {
    this.#options = options
    const first = firstStep(cause)
    this.#state = first.next
    this.#run(first)
  }

  get state(): SupervisorState {
    return this.#state
  }

  get pid(): number | undefined {
    return this.#process?.pid
  }

  onState(listener: (state: SupervisorState) => void): () => void {
    this.#stateListeners.add(listener)
    return () => this.#stateListeners.delete(listener)
  }

  /** Never rejects: refusals, a lock in between and a malformed request are values. */
  async call<N extends CallName>(name: N, request: unknown, caller: Caller = APP): Promise<CallResult<N>> {
    const { from, request: requestSchema, reply } = contract[name]
    if (from !== caller.window)
      return refuse({
        code: 'call.wrong_window',
        message: `This window may not call ${name}.`,
        fix: 'Use the window made for it.',
      })
    const parsed = requestSchema.safeParse(request)
    if (!parsed.success)
      return refuse({
        code: 'call.malformed',
        message: `The request of ${name} has the wrong form at ${parsed.error.issues[0]?.path.join('.') || 'its root'}.`,
        fix: 'Correct it and try again.',
      })
    if (this.#state.state === 'stopping' || this.#state.state === 'stopped') return refuse(STOPPED)
    if (this.#state.state === 'failed') return refuse(this.#state.error)
    const id = this.#nextId++
    const message: CallMessage = { type: 'call', id, name, request: parsed.data, ...caller }
    const result = await new Promise<{ ok: true; value: unknown } | { ok: false; error: CallError }>(
      (settle) => {
        this.#pending.set(id, { message, sent: false, settle })
        this.#sendWaitingCalls()
      },
    )
    if (!result.ok) return result
    const value = reply.safeParse(result.value)
    return value.success ? ({ ok: true, value: value.data } as CallResult<N>) : refuse(BAD_REPLY)
  }

  /** Resolves when the process that may have held keys is gone. */
  async lock(cause: StartCause): Promise<void> {
    this.#input({ type: 'lock', cause })
    await this.#until((state) => state.state !== 'killing')
  }

  /** Lets the core finish its writes, and kills it if it does not. */
  async stop(): Promise<void> {
    this.#input({ type: 'stop' })
    await this.#until((state) => state.state === 'stopped')
  }

  async ready(): Promise<void> {
    await this.#until(
      (state) => state.state === 'running' || state.state === 'stopped' || state.state === 'failed',
    )
    if (this.#state.state === 'failed')
      throw new Error(`${this.#state.error.code}: ${this.#state.error.message}`)
  }

  #until(holds: (state: SupervisorState) => boolean): Promise<void> {
    if (holds(this.#state)) return Promise.resolve()
    return new Promise((resolve) => {
      const stop = this.onState((state) => {
        if (!holds(state)) return
        stop()
        resolve()
      })
    })
  }

  #input(input: SupervisorInput): void {
    this.#run(step(this.#state, input, performance.now()))
  }

  #run({ next, effects }: Step): void {
    const before = this.#state
    this.#state = next
    if (next.state !== before.state && !['starting', 'killing', 'failed', 'stopping'].includes(next.state))
      clearTimeout(this.#timer)
    for (const effect of effects) {
      switch (effect.type) {
        case 'spawn':
          this.#spawn(effect.cause)
          break
        case 'kill':
          this.#process?.kill()
          break
        case 'askToLock':
          this.#send({ type: 'lock' })
          break
        case 'askToStop':
          this.#send({ type: 'stop' })
          break
        case 'timer':
          clearTimeout(this.#timer)
          this.#timer = setTimeout(() => this.#input({ type: 'timer' }), effect.afterMs)
          break
        case 'refuseCalls':
          this.#refuseCalls()
          break
      }
    }
    if (next.state === 'running') this.#sendWaitingCalls()
    // Told of changes only: a core that is killed because it did not end by itself is the same lock.
    if (next.state === before.state) return
    for (const listener of [...this.#stateListeners]) listener(next)
  }

  #spawn(cause: StartCause): void {
    const process = this.#options.spawn()
    this.#process = process
    process.onMessage((raw) => {
      if (this.#process === process) this.#receive(process, raw)
    })
    process.onExit(() => {
      if (this.#process !== process) return
      this.#process = null
      this.#input({ type: 'exited' })
    })
    process.send({ type: 'start', cause, ...this.#options.start })
  }

  #send(message: HostMessage, port?: Port): void {
    this.#process?.send(message, port)
  }

  #sendWaitingCalls(): void {
    if (this.#state.state !== 'running') return
    for (const call of this.#pending.values()) {
      if (call.sent) continue
      call.sent = true
      this.#send(call.message)
    }
  }

  #refuseCalls(): void {
    const { state } = this.#state
    const error =
      this.#state.state === 'failed'
        ? this.#state.error
        : state === 'stopping' || state === 'stopped'
          ? STOPPED
          : LOCKED
    for (const call of this.#pending.values()) call.settle(refuse(error))
    this.#pending.clear()
  }

  #receive(process: CoreProcess<Port>, raw: unknown): void {
    const parsed = coreMessageSchema.safeParse(raw)
    // A core that breaks the protocol is not one to give keys to.
    if (!parsed.success) process.kill()
    // Between a kill and its exit nothing more is heard from it.
    else if (this.#state.state !== 'killing') this.#handle(parsed.data)
  }

  #handle(message: CoreMessage): void {
    const { services } = this.#options
    switch (message.type) {
      case 'ready':
        services.onIdleLock(message.idleLockMs)
        this.#input({ type: 'ready' })
        break
      case 'reply':
        this.#pending.get(message.id)?.settle(message.result)
        this.#pending.delete(message.id)
        break
      case 'event':
        services.onEvent(message.event)
        break
      case 'idleLock':
        services.onIdleLock(message.idleLockMs)
        break
      case 'wrap':
        this.#send({ type: 'wrapped', id: message.id, bytes: services.wrap(message.bytes) })
        break
      case 'unwrap':
        this.#send({ type: 'wrapped', id: message.id, bytes: services.unwrap(message.bytes) })
        break
      case 'saveAs':
        this.#choosePath(message.id, services.saveAs(message.name))
        break
      case 'openFile':
        this.#choosePath(message.id, services.openFile())
        break
      case 'ceremony':
        this.#openCeremony(message.id, message.purpose)
        break
      case 'ceremonyDone':
        services.closeCeremony(message.id)
        break
      case 'clipboard':
        services.copyToClipboard(message.text, message.clearAfterMs)
        break
      case 'openSigning':
        services.openSigning(message.request)
        break
      case 'fatal': {
        const { code, message: text, fix } = message
        this.#input({ type: 'fatal', error: { code, message: text, fix } })
        break
      }
    }
  }

  #choosePath(id: number, chosen: Promise<string | null>): void {
    const asking = this.#process
    const answer = (path: string | null): void => {
      const usable = path !== null && path.length <= LONGEST_PATH ? path : null
      if (this.#process === asking) this.#send({ type: 'chosenPath', id, path: usable })
    }
    chosen.then(answer, () => answer(null))
  }

  #openCeremony(id: number, purpose: string): void {
    const asking = this.#process
    this.#options.services.openCeremony(id, purpose, (port) => {
      // A window that opens after its core is gone gives its key's answer to nobody.
      if (this.#process !== asking) return
      if (port === null) this.#send({ type: 'ceremonyClosed', id })
      else this.#send({ type: 'ceremonyPort', id }, port)
    })
  }
}
