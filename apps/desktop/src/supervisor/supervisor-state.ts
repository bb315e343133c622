import type { CallError } from '../shared/contract.ts'
import type { StartCause } from './core-process.ts'

/**
 * The life of the core process as a pure function (P13): locking ends the process and starts the same program without keys,
 * a crash is a lock nobody asked for. There is never more than one process: a new one is started only after the last one's exit.
 */
export type SupervisorState =
  | { state: 'starting'; failures: number }
  | { state: 'running'; failures: number; since: number }
  /** Told to end, or killed; the exit has not been seen yet. `next`: what the following process is told. */
  | { state: 'killing'; failures: number; next: StartCause }
  | { state: 'waiting'; failures: number }
  /** The core said why it cannot go on; tried again every `RETRY_MS`. */
  | { state: 'failed'; failures: number; error: CallError; exited: boolean }
  | { state: 'stopping' }
  | { state: 'stopped' }

export type SupervisorInput =
  | { type: 'ready' }
  | { type: 'exited' }
  | { type: 'lock'; cause: StartCause }
  | { type: 'fatal'; error: CallError }
  | { type: 'timer' }
  | { type: 'stop' }

export type SupervisorEffect =
  | { type: 'spawn'; cause: StartCause }
  | { type: 'kill' }
  | { type: 'askToStop' }
  /** Says that it is locked to whoever listens, and kills itself. */
  | { type: 'askToLock' }
  /** Replaces the timer that runs, if any. */
  | { type: 'timer'; afterMs: number }
  /** Answers every call that waits with `core.locked`: an unlock asked for before a lock must not win over it. */
  | { type: 'refuseCalls' }

export interface Step {
  next: SupervisorState
  effects: readonly SupervisorEffect[]
}

export const START_TIMEOUT_MS = 20_000
export const STOP_TIMEOUT_MS = 3_000
/** A core that holds keys has this long to tell programs of the lock; then it is killed, whatever it does. */
export const LOCK_TIMEOUT_MS = 100
export const RETRY_MS = 3_000
/** A core that lived this long is not in a crash loop. */
export const STEADY_MS = 30_000
const BACKOFF_BASE_MS = 200
const BACKOFF_MAX_MS = 30_000

/** The first restart is immediate: a locked vault should answer 423, not refuse connections. */
export const backoffMs = (failures: number): number =>
  failures <= 1 ? 0 : Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** (failures - 2))

const spawn = (failures: number, cause: StartCause): Step => ({
  next: { state: 'starting', failures },
  effects: [
    { type: 'spawn', cause },
    { type: 'timer', afterMs: START_TIMEOUT_MS },
  ],
})

const stay = (state: SupervisorState, ...effects: SupervisorEffect[]): Step => ({ next: state, effects })

export const firstStep = (cause: StartCause): Step => spawn(0, cause)

const onExit = (state: SupervisorState, now: number): Step => {
  switch (state.state) {
    case 'starting':
    case 'running': {
      const steady = state.state === 'running' && now - state.since >= STEADY_MS
      const failures = steady ? 1 : state.failures + 1
      return {
        next: { state: 'waiting', failures },
        effects: [{ type: 'refuseCalls' }, { type: 'timer', afterMs: backoffMs(failures) }],
      }
    }
    case 'killing':
      return spawn(state.failures, state.next)
    case 'failed':
      return stay({ ...state, exited: true }, { type: 'timer', afterMs: RETRY_MS })
    case 'stopping':
      return stay({ state: 'stopped' })
    case 'waiting':
    case 'stopped':
      return stay(state)
  }
}

const onTimer = (state: SupervisorState): Step => {
  switch (state.state) {
    case 'starting':
      return stay(state, { type: 'kill' })
    case 'waiting':
      return spawn(state.failures, 'crash')
    case 'failed':
      return state.exited ? spawn(state.failures, 'start') : stay(state, { type: 'kill' })
    case 'stopping':
      return stay(state, { type: 'kill' })
    case 'killing':
      return stay(state, { type: 'kill' })
    case 'running':
    case 'stopped':
      return stay(state)
  }
}

/** No keys may be in memory while the machine sleeps, and nothing runs then that could still kill. */
const atOnce = (cause: StartCause): boolean => cause === 'suspend'

const onLock = (state: SupervisorState, cause: StartCause): Step => {
  switch (state.state) {
    case 'running': {
      const ending: SupervisorEffect[] = atOnce(cause)
        ? [{ type: 'kill' }]
        : [{ type: 'askToLock' }, { type: 'timer', afterMs: LOCK_TIMEOUT_MS }]
      return {
        next: { state: 'killing', failures: state.failures, next: cause },
        effects: [...ending, { type: 'refuseCalls' }],
      }
    }
    case 'killing':
      return stay(state, ...(atOnce(cause) ? [{ type: 'kill' } as const] : []), { type: 'refuseCalls' })
    // Not ready yet, or not there at all: it was never given a call, so it holds no keys.
    case 'starting':
    case 'waiting':
    case 'failed':
      return stay(state, { type: 'refuseCalls' })
    case 'stopping':
    case 'stopped':
      return stay(state)
  }
}

const onStop = (state: SupervisorState): Step => {
  switch (state.state) {
    case 'starting':
    case 'running':
      return {
        next: { state: 'stopping' },
        effects: [
          { type: 'askToStop' },
          { type: 'refuseCalls' },
          { type: 'timer', afterMs: STOP_TIMEOUT_MS },
        ],
      }
    case 'killing':
      return stay({ state: 'stopping' }, { type: 'refuseCalls' })
    case 'failed':
      return state.exited
        ? stay({ state: 'stopped' }, { type: 'refuseCalls' })
        : stay({ state: 'stopping' }, { type: 'kill' }, { type: 'refuseCalls' })
    case 'waiting':
      return stay({ state: 'stopped' }, { type: 'refuseCalls' })
    case 'stopping':
    case 'stopped':
      return stay(state)
  }
}

/** `now`: any clock in milliseconds that does not jump. */
export const step = (state: SupervisorState, input: SupervisorInput, now: number): Step => {
  switch (input.type) {
    case 'ready':
      return state.state === 'starting'
        ? stay({ state: 'running', failures: state.failures, since: now })
        : stay(state)
    case 'exited':
      return onExit(state, now)
    case 'timer':
      return onTimer(state)
    case 'lock':
      return onLock(state, input.cause)
    case 'stop':
      return onStop(state)
    case 'fatal':
      return state.state === 'starting' || state.state === 'running'
        ? {
            next: { state: 'failed', failures: state.failures, error: input.error, exited: false },
            effects: [{ type: 'refuseCalls' }, { type: 'timer', afterMs: STOP_TIMEOUT_MS }],
          }
        : stay(state)
  }
}
