import { ClientError } from '../client-error.ts'
import type { LocalStore } from '../store/local-store.ts'
import { type Alarm, decodeAlarm, encodeAlarm, type Problem } from './alarm.ts'
import { Listeners } from './listeners.ts'
import type { Log } from './replica-options.ts'
import type { ConnectionState, ReplicaStatus } from './replica-status.ts'

const ALARM_KEY = 'replica/alarm'
/** The last one that a person set aside: what it proves is proved still. */
const SET_ASIDE_KEY = 'replica/alarm-set-aside'

const alarmAt = async (store: LocalStore, key: string): Promise<Alarm | null> => {
  const saved = await store.get(key)
  return saved === undefined ? null : decodeAlarm(saved)
}

/** Whether there is a live connection, and if not, the refusal that says why. */
export type Liveness =
  | { readonly live: true }
  | { readonly live: false; readonly code: string; readonly message: string }

interface BoardOptions {
  readonly store: LocalStore
  readonly log: Log
  readonly alarm: Alarm | null
  /** The rest of the status, which others keep. */
  readonly facts: () => Pick<
    ReplicaStatus,
    'lastServerContact' | 'lastWitness' | 'pendingIntents' | 'checking'
  >
}

/** Where the connection stands, why, and who wants to know. An alarm outlives restarts. */
export class StatusBoard {
  readonly #options: BoardOptions
  readonly #listeners: Listeners<ReplicaStatus>
  #connection: ConnectionState = 'offline'
  #problem: ReplicaStatus['problem'] = null
  #alarm: Alarm | null
  #stopped = false

  constructor(options: BoardOptions) {
    this.#options = options
    this.#alarm = options.alarm
    this.#listeners = new Listeners((error) => this.failed(error))
  }

  static savedAlarm(store: LocalStore): Promise<Alarm | null> {
    return alarmAt(store, ALARM_KEY)
  }

  get connection(): ConnectionState {
    return this.#connection
  }

  get alarm(): Alarm | null {
    return this.#alarm
  }

  get stopped(): boolean {
    return this.#stopped
  }

  get problem(): ReplicaStatus['problem'] {
    return this.#problem
  }

  status(): ReplicaStatus {
    return {
      connection: this.#connection,
      problem: this.#problem,
      ...this.#options.facts(),
      alarm: this.#alarm,
    }
  }

  listen(listener: (status: ReplicaStatus) => void): () => void {
    return this.#listeners.add(listener)
  }

  announce(): void {
    this.#listeners.emit(this.status())
  }

  enter(connection: ConnectionState, problem: { code: string; message: string } | null): void {
    this.#connection = connection
    this.trouble(problem)
  }

  trouble(problem: { code: string; message: string } | null): void {
    this.#problem = problem === null ? null : { code: problem.code, message: problem.message }
    this.announce()
  }

  async sound(problem: Problem, time: number): Promise<void> {
    this.#alarm = { ...problem, time }
    this.#options.log('replica.alarm', { code: problem.code, stream: problem.stream, seq: problem.seq })
    this.enter('alarm', problem)
    await this.#options.store.batch({ puts: [[ALARM_KEY, encodeAlarm(this.#alarm)]] }, { durable: true })
  }

  async dismiss(): Promise<void> {
    const puts: [string, Uint8Array][] =
      this.#alarm === null ? [] : [[SET_ASIDE_KEY, encodeAlarm(this.#alarm)]]
    await this.#options.store.batch({ puts, dels: [ALARM_KEY] }, { durable: true })
    this.#alarm = null
    this.enter('offline', null)
  }

  setAsideAlarm(): Promise<Alarm | null> {
    return alarmAt(this.#options.store, SET_ASIDE_KEY)
  }

  stop(): void {
    this.#stopped = true
    if (this.#alarm === null) this.enter('offline', null)
  }

  /** Waits until it is live, refused or sounding an alarm, or patience ends. */
  async untilLive(patienceMs: number): Promise<Liveness> {
    const settled = (): boolean => this.#stopped || ['live', 'alarm', 'refused'].includes(this.#connection)
    if (!settled()) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer)
          forget()
          resolve()
        }
        const timer = setTimeout(done, patienceMs)
        const forget = this.listen(() => {
          if (settled()) done()
        })
      })
    }
    if (this.#connection === 'live' && !this.#stopped) return { live: true }
    if (this.#alarm !== null) return { live: false, code: 'alarm', message: this.#alarm.message }
    if (this.#connection === 'refused' && this.#problem !== null) return { live: false, ...this.#problem }
    return { live: false, code: 'offline', message: 'The server cannot be reached now.' }
  }

  failed(error: unknown): void {
    const code = error instanceof ClientError ? error.code : error instanceof Error ? error.name : 'unknown'
    this.#options.log('replica.failed', { code })
  }
}
