import { makeChange } from '@countersign/client/items/item-actions'
import { replayQueue } from '@countersign/client/items/offline-items'
import { carryOutChange, changesToCarryOut } from '@countersign/client/requests/change-actions'
import { releasable, releaseGrant } from '@countersign/client/requests/request-actions'
import type { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { rekeyEnvironment } from '@countersign/client/vaults/vault-actions'
import { holds } from '@countersign/ledger/projection-lookup'

/** Holders of the same environment take turns by chance, so that one of them usually finds it done. */
const SPREAD_MS = 120
/** A duty that failed is not tried again at every change. */
const RETRY_AFTER_MS = 5_000

type Duty = () => Promise<{ ok: boolean }>

const dueFor = (session: UnlockedSession): Map<string, Duty> => {
  const due = new Map<string, Duty>()
  for (const id of releasable(session)) due.set(`release ${id}`, () => releaseGrant(session, id))
  for (const id of changesToCarryOut(session)) due.set(`change ${id}`, () => carryOutChange(session, id))
  const { projection } = session.ledger
  for (const { environment, rekeyDue } of projection.environments.values()) {
    if (!rekeyDue || !holds(projection, environment, session.member)) continue
    due.set(`rekey ${environment}`, () => rekeyEnvironment(session, environment, true))
  }
  if (session.device.replica.intents.waiting().length > 0) {
    due.set('queue', async () => {
      await replayQueue(session, (change) => makeChange(session, change))
      return { ok: true }
    })
  }
  return due
}

/**
 * What an unlocked client does without being asked: releases grants whose quorum stands (P2), makes the changes it asked for once
 * approved (P3), re-keys environments where a removal made it due (P4), sends changes made offline (P19). Returns the function that ends it.
 */
export const startDuties = (session: UnlockedSession): (() => void) => {
  const failedAt = new Map<string, number>()
  let running = false
  let again = false
  let stopped = false
  let timer: ReturnType<typeof setTimeout> | null = null

  const run = async (): Promise<void> => {
    running = true
    for (const [name, duty] of dueFor(session)) {
      if (stopped) break
      const failed = failedAt.get(name)
      if (failed !== undefined && performance.now() - failed < RETRY_AFTER_MS) continue
      const done = await duty().catch(() => ({ ok: false }))
      if (done.ok) failedAt.delete(name)
      else failedAt.set(name, performance.now())
    }
    running = false
    if (again || failedAt.size > 0) schedule(again ? Math.random() * SPREAD_MS : RETRY_AFTER_MS)
  }
  const schedule = (delayMs: number): void => {
    if (stopped || timer !== null) return
    if (running) {
      again = true
      return
    }
    again = false
    timer = setTimeout(() => {
      timer = null
      void run()
    }, delayMs)
  }
  const soon = (): void => schedule(Math.random() * SPREAD_MS)
  const stopChanges = session.onChanges(({ ledger }) => {
    if (ledger) soon()
  })
  const stopStatus = session.device.replica.onStatus(({ connection }) => {
    if (connection === 'live') soon()
  })
  soon()
  return () => {
    stopped = true
    if (timer !== null) clearTimeout(timer)
    stopChanges()
    stopStatus()
  }
}
