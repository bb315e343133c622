import { describe, expect, it } from 'vitest'
import {
  backoffMs,
  firstStep,
  LOCK_TIMEOUT_MS,
  RETRY_MS,
  START_TIMEOUT_MS,
  STEADY_MS,
  type SupervisorInput,
  type SupervisorState,
  step,
} from './supervisor-state.ts'

const FATAL = { code: 'profile.busy', message: 'Another program has this profile.', fix: 'Close it.' }

const STATES: Record<string, SupervisorState> = {
  starting: { state: 'starting', failures: 0 },
  running: { state: 'running', failures: 0, since: 0 },
  killing: { state: 'killing', failures: 0, next: 'lock' },
  waiting: { state: 'waiting', failures: 1 },
  failed: { state: 'failed', failures: 0, error: FATAL, exited: true },
  failing: { state: 'failed', failures: 0, error: FATAL, exited: false },
  stopping: { state: 'stopping' },
  stopped: { state: 'stopped' },
}
const INPUTS: Record<string, SupervisorInput> = {
  ready: { type: 'ready' },
  exited: { type: 'exited' },
  lock: { type: 'lock', cause: 'suspend' },
  fatal: { type: 'fatal', error: FATAL },
  timer: { type: 'timer' },
  stop: { type: 'stop' },
}

/** state, input → next state and effects, for every pair. */
const TABLE: Record<string, Record<string, string>> = {
  starting: {
    ready: 'running',
    exited: 'waiting refuseCalls timer',
    lock: 'starting refuseCalls',
    fatal: 'failed refuseCalls timer',
    timer: 'starting kill',
    stop: 'stopping askToStop refuseCalls timer',
  },
  running: {
    ready: 'running',
    exited: 'waiting refuseCalls timer',
    lock: 'killing kill refuseCalls',
    fatal: 'failed refuseCalls timer',
    timer: 'running',
    stop: 'stopping askToStop refuseCalls timer',
  },
  killing: {
    ready: 'killing',
    exited: 'starting spawn timer',
    lock: 'killing kill refuseCalls',
    fatal: 'killing',
    timer: 'killing kill',
    stop: 'stopping refuseCalls',
  },
  waiting: {
    ready: 'waiting',
    exited: 'waiting',
    lock: 'waiting refuseCalls',
    fatal: 'waiting',
    timer: 'starting spawn timer',
    stop: 'stopped refuseCalls',
  },
  failed: {
    ready: 'failed',
    exited: 'failed timer',
    lock: 'failed refuseCalls',
    fatal: 'failed',
    timer: 'starting spawn timer',
    stop: 'stopped refuseCalls',
  },
  failing: {
    ready: 'failed',
    exited: 'failed timer',
    lock: 'failed refuseCalls',
    fatal: 'failed',
    timer: 'failed kill',
    stop: 'stopping kill refuseCalls',
  },
  stopping: {
    ready: 'stopping',
    exited: 'stopped',
    lock: 'stopping',
    fatal: 'stopping',
    timer: 'stopping kill',
    stop: 'stopping',
  },
  stopped: {
    ready: 'stopped',
    exited: 'stopped',
    lock: 'stopped',
    fatal: 'stopped',
    timer: 'stopped',
    stop: 'stopped',
  },
}

describe('supervisor', () => {
  for (const [from, state] of Object.entries(STATES))
    for (const [name, input] of Object.entries(INPUTS))
      it(`P13 ${from} + ${name} → ${TABLE[from]?.[name]}`, () => {
        const { next, effects } = step(state, input, 1000)
        expect([next.state, ...effects.map((effect) => effect.type)].join(' ')).toBe(TABLE[from]?.[name])
      })

  it('P13 but before sleep, a core that holds keys may tell programs of the lock, for a moment; then it is killed', () => {
    for (const cause of ['lock', 'idle', 'screen_lock'] as const) {
      const locked = step({ state: 'running', failures: 0, since: 0 }, { type: 'lock', cause }, 1)
      expect(locked.effects).toEqual([
        { type: 'askToLock' },
        { type: 'timer', afterMs: LOCK_TIMEOUT_MS },
        { type: 'refuseCalls' },
      ])
      expect(step(locked.next, { type: 'timer' }, 2).effects).toEqual([{ type: 'kill' }])
      const asleep = step(locked.next, { type: 'lock', cause: 'suspend' }, 2)
      expect(asleep.effects[0]).toEqual({ type: 'kill' })
    }
  })

  it('P13 starts a second process only after the first one is gone', () => {
    const locked = step({ state: 'running', failures: 0, since: 0 }, { type: 'lock', cause: 'idle' }, 1)
    expect(locked.effects.map(({ type }) => type)).not.toContain('spawn')
    expect(step(locked.next, { type: 'exited' }, 2).effects[0]).toEqual({ type: 'spawn', cause: 'idle' })
  })

  it('P13 a crash is followed by a keyless core told that it was a crash', () => {
    const crashed = step({ state: 'running', failures: 0, since: 0 }, { type: 'exited' }, 1)
    expect(crashed.effects).toContainEqual({ type: 'timer', afterMs: 0 })
    expect(step(crashed.next, { type: 'timer' }, 2).effects[0]).toEqual({ type: 'spawn', cause: 'crash' })
  })

  it('P13 crashing again and again waits longer each time, up to half a minute', () => {
    let state = firstStep('start').next
    const waits: number[] = []
    for (let round = 0; round < 12; round++) {
      const crashed = step(step(state, { type: 'ready' }, round).next, { type: 'exited' }, round)
      for (const effect of crashed.effects) if (effect.type === 'timer') waits.push(effect.afterMs)
      state = step(crashed.next, { type: 'timer' }, round).next
    }
    expect(waits).toEqual([0, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000])
    expect(backoffMs(1000)).toBe(30_000)
  })

  it('P13 a core that lived half a minute starts with a clean slate', () => {
    const crashed = step({ state: 'running', failures: 6, since: 0 }, { type: 'exited' }, STEADY_MS)
    expect(crashed.next).toEqual({ state: 'waiting', failures: 1 })
  })

  it('P13 a core that never gets ready is killed', () => {
    const first = firstStep('start')
    expect(first.effects).toContainEqual({ type: 'timer', afterMs: START_TIMEOUT_MS })
    expect(step(first.next, { type: 'timer' }, START_TIMEOUT_MS).effects).toEqual([{ type: 'kill' }])
  })

  it('P13 a core that says why it cannot go on is tried again, in case somebody mended it', () => {
    const failed = step({ state: 'starting', failures: 0 }, { type: 'fatal', error: FATAL }, 1)
    const gone = step(failed.next, { type: 'exited' }, 2)
    expect(gone.next).toMatchObject({ state: 'failed', error: FATAL })
    expect(gone.effects).toEqual([{ type: 'timer', afterMs: RETRY_MS }])
    expect(step(gone.next, { type: 'timer' }, 3).effects[0]).toEqual({ type: 'spawn', cause: 'start' })
  })
})
