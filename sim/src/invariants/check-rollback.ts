import { mayRead } from '@countersign/ledger/projection'
import type { World } from '../run/world.ts'

/** Nobody is live with a server that has less of a stream than they have verified and may read. */
export const checkRollback = (world: World): void => {
  const { team } = world.facts
  for (const { name, device, file } of world.machines.values()) {
    const store = world.servers[world.led.get(name) ?? 0]?.store
    if (device === null || store == null) continue
    const { connection, alarm } = device.replica.status()
    if (connection !== 'live' || alarm !== null) continue
    for (const [stream, history] of world.oracle.histories.get(name) ?? []) {
      const shown = store.tables.head(team, stream)?.seq ?? -1
      if (history.length - 1 <= shown || !mayRead(device.replica.projection, file.device, stream)) continue
      world.oracle.fail(
        'rollback-seen',
        `${name} has verified ${stream} ${history.length - 1} and is live with a server at ${shown}`,
      )
    }
  }
}
