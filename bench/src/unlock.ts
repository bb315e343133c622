import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { open } from '@countersign/crypto/aead'
import { cryptoReady } from '@countersign/crypto/ready'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { compartmentStream } from '@countersign/schema/ids'
import {
  fillServer,
  foundBenchTeam,
  type Installed,
  itemDrafts,
  openDevice,
  unlockRoot,
  withSession,
} from './load/bench-team.ts'
import { startSyncServer } from './load/sync-server.ts'
import { report } from './report.ts'

const RUNS = 5
/** Unlock to a usable list, of so many items (design of the app: no wait that a person notices). */
const LIMIT_MS = 500
/** A session writes its first checkpoint two seconds after the unlock. */
const CHECKPOINT_MS = 6_000

/** An unlock as it would be some time before: everything is here, and it stays open until its checkpoint is written. */
const writeCheckpoint = (installed: Installed, items: number): Promise<void> =>
  withSession(installed, async (session) => {
    const { replica } = session.device
    while (session.index(installed.environment)?.size !== items || replica.status().checking !== null) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await new Promise((resolve) => setTimeout(resolve, CHECKPOINT_MS))
  }).then(() => withSession(installed, () => new Promise((resolve) => setTimeout(resolve, CHECKPOINT_MS))))

/** From the touch to a list of names, with what a locked core has open already. */
const timeUnlock = async (installed: Installed, items: number): Promise<number> => {
  const { store, session: device } = await openDevice(installed)
  const root = await unlockRoot(installed)
  const startedAt = performance.now()
  const session = await UnlockedSession.open(device, installed.deviceSecret, root)
  const listed = session.index(installed.environment)?.size
  const ms = performance.now() - startedAt
  if (listed !== items) throw new Error(`listed ${listed} of ${items}`)
  session.stop()
  await device.stop()
  await store.close()
  return ms
}

/** Nothing but opening every description, over the same bytes. */
const timeOpenLoop = async (installed: Installed): Promise<number> => {
  const { store, session: device } = await openDevice(installed)
  const session = await UnlockedSession.open(device, installed.deviceSecret, await unlockRoot(installed))
  const { environment } = installed
  const key = session.ring.metaKey(environment, 0)
  if (key === null) throw new Error('no key')
  const blobs: [Parameters<typeof open>[1], Uint8Array][] = []
  for await (const entry of device.replica.entries(compartmentStream(environment))) {
    const content = parseCompartmentContent(entry.entry.envelope)
    if (content?.type !== 'item.put') continue
    const { item, version, epoch, meta } = content.plain
    blobs.push([{ type: 'item-meta', team: session.team, environment, item, version, epoch }, meta])
  }
  const startedAt = performance.now()
  for (const [context, blob] of blobs) open(key, context, blob)
  const ms = performance.now() - startedAt
  session.stop()
  await device.stop()
  await store.close()
  return ms
}

const benchUnlock = async (items: number): Promise<void> => {
  await cryptoReady()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-unlock-'))
  const file = join(folder, 'server.db')
  const setUp = await startSyncServer(file)
  const installed = await foundBenchTeam(folder, setUp.url)
  await setUp.stop()
  await fillServer(file, installed, items, (session, from, count) =>
    itemDrafts(session, installed.environment, from, count),
  )
  const server = await startSyncServer(file, Number(new URL(setUp.url).port))
  try {
    await writeCheckpoint(installed, items)
    const ours: number[] = []
    const loop: number[] = []
    for (let run = 0; run < RUNS; run++) {
      ours.push(await timeUnlock(installed, items))
      loop.push(await timeOpenLoop(installed))
    }
    report(`unlock to list, ${items} items`, [
      {
        what: 'against the limit',
        ours,
        theirs: ours.map(() => LIMIT_MS),
        unit: 'ms',
        target: { max: 1 },
      },
      { what: 'against only opening', ours, theirs: loop, unit: 'ms', target: { max: 10 } },
    ])
  } finally {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

await benchUnlock(Number(process.argv[2] ?? 10_000))
