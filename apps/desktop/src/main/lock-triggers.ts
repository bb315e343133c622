import { app, powerMonitor } from 'electron'
import type { StartCause } from '../supervisor/core-process.ts'
import { idleLockDue } from './idle.ts'

const POLL_MS = 5_000

export interface LockTriggers {
  setIdleLock(idleLockMs: number): void
  /** As last reported by the core; only an unlocked one is worth locking for idleness. */
  setUnlocked(unlocked: boolean): void
}

/** Everything but the person's own command that locks: idleness, suspend, the screen's lock, shutdown, another user's turn. */
export const watchLockTriggers = (lock: (cause: StartCause) => void): LockTriggers => {
  let idleLockMs = Number.POSITIVE_INFINITY
  let unlocked = false
  let systemKnows = false
  let lastInput = performance.now()
  app.on('web-contents-created', (_event, contents) => {
    contents.on('input-event', () => {
      lastInput = performance.now()
    })
  })
  powerMonitor.on('suspend', () => lock('suspend'))
  powerMonitor.on('lock-screen', () => lock('screen_lock'))
  powerMonitor.on('user-did-resign-active', () => lock('screen_lock'))
  setInterval(() => {
    const systemIdleMs = powerMonitor.getSystemIdleTime() * 1000
    systemKnows ||= systemIdleMs > 0
    const presence = { systemIdleMs, systemKnows, appIdleMs: performance.now() - lastInput }
    if (idleLockDue(presence, unlocked, idleLockMs)) lock('idle')
  }, POLL_MS)
  return {
    setIdleLock(limit) {
      idleLockMs = limit
    },
    setUnlocked(now) {
      // Being unlocked is a presence of its own: a touch on the security key is no input event.
      if (now && !unlocked) lastInput = performance.now()
      unlocked = now
    },
  }
}
