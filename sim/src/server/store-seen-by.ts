import type { Store } from '@countersign/sync-server/core/store'
import type { Scheduler } from '../runtime/scheduler.ts'
import type { SimProcess } from '../runtime/sim-process.ts'

/**
 * A store as one node's process uses it: the work is the database's and goes on when the node dies; its answer takes a turn to come and
 * does not come to the dead.
 */
export const storeSeenBy = (
  node: SimProcess,
  store: Store,
  database: SimProcess,
  scheduler: Scheduler,
): Store => {
  const remote =
    <A extends unknown[], R>(ask: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      new Promise((resolve, reject) => {
        database
          .run(() => ask(...args))
          .then(
            (value) => scheduler.after(0, () => resolve(value), node),
            (error: unknown) => scheduler.after(0, () => reject(error), node),
          )
      })
  const { log, teams, mailboxes, records } = store
  return {
    serverId: store.serverId,
    nodeSecret: store.nodeSecret,
    log: {
      append: remote(log.append),
      has: remote(log.has),
      read: remote(log.read),
      heads: remote(log.heads),
      subscribe: (listener) =>
        log.subscribe((committed) => {
          if (node.alive) node.run(() => listener(committed))
        }),
    },
    teams: {
      admitToken: remote(teams.admitToken),
      needsToken: remote(teams.needsToken),
      create: remote(teams.create),
    },
    mailboxes: {
      open: remote(mailboxes.open),
      get: remote(mailboxes.get),
      post: remote(mailboxes.post),
      close: remote(mailboxes.close),
    },
    records: {
      putSeen: remote(records.putSeen),
      listSeen: remote(records.listSeen),
      putWrap: remote(records.putWrap),
      listWraps: remote(records.listWraps),
      useNonce: remote(records.useNonce),
    },
    mode: () => store.mode(),
    probe: remote(() => store.probe()),
    close: () => store.close(),
  }
}
