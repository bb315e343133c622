import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { SoftwareKeys } from '@countersign/client/authenticator/software'
import { sealItemVersion } from '@countersign/client/items/item-blobs'
import { Enrolment } from '@countersign/client/keys/enrolment'
import type { Membership } from '@countersign/client/keys/installation'
import { unlockWithKey } from '@countersign/client/keys/ways-in'
import { DeviceSession } from '@countersign/client/session/device-session'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { openLevelStore } from '@countersign/client/store/level-store'
import { holderKeys, itemDraft } from '@countersign/client/team/author'
import { foundTeam, genesisOf } from '@countersign/client/team/found-team'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { createVault } from '@countersign/client/vaults/vault-actions'
import { open } from '@countersign/crypto/aead'
import { memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { parseCompartmentContent } from '@countersign/ledger/compartment-content'
import { teamIdOf } from '@countersign/ledger/plain-membership'
import { compartmentStream, newId } from '@countersign/schema/ids'
import { report } from './report.ts'

const RUNS = 5
/** Unlock to a usable list, of so many items (design of the app: no wait that a person notices). */
const LIMIT_MS = 500
const BATCH = 500
/** A session writes its first checkpoint two seconds after the unlock. */
const CHECKPOINT_MS = 6_000

interface Installed {
  readonly membership: Membership
  readonly device: string
  readonly deviceSecret: Secret
  readonly keys: SoftwareKeys
  readonly storePath: string
  readonly environment: string
}

const MAIN = resolve(import.meta.dirname, '../../apps/sync-server/src/main.ts')
const SETUP_TOKEN = 'bench-setup-token-0123456789'

const startServer = async (file: string): Promise<{ url: string; stop: () => Promise<unknown> }> => {
  const child = spawn(process.execPath, [MAIN, '--port', '0', '--data', file], {
    env: { PATH: process.env.PATH, COUNTERSIGN_SETUP_TOKEN: SETUP_TOKEN, COUNTERSIGN_LOG_LEVEL: 'silent' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const { url }: { url: string } = JSON.parse(line)
    const stop = () => {
      child.kill('SIGTERM')
      return once(child, 'exit')
    }
    return { url, stop }
  }
  throw new Error('the server ended before it was ready')
}

const openDevice = async (installed: Installed) => {
  const store = await openLevelStore(installed.storePath)
  const { membership, device, deviceSecret } = installed
  const session = await DeviceSession.open({
    store,
    membership,
    device,
    deviceSecret,
    connect: wsConnector,
    clock: Date.now,
    log: () => undefined,
  })
  return { store, session }
}

const unlockRoot = async ({ membership, device, keys }: Installed): Promise<Secret> => {
  const unlocked = await unlockWithKey(membership, device, keys)
  if (!unlocked.ok) throw new Error(unlocked.code)
  return unlocked.value.root
}

const untilMember = async (session: DeviceSession): Promise<void> => {
  while (!session.replica.projection.members.has(session.membership.member)) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** Founds a team of one on a real server and writes `items` items into one environment. */
const install = async (folder: string, url: string, items: number): Promise<Installed> => {
  const keys = new SoftwareKeys(join(folder, 'keys'))
  const nonce = randomBytes(32)
  const enrolment = new Enrolment(keys, (root) => teamIdOf(nonce, memberKeys(root).sign.publicKey))
  await enrolment.enrol('one')
  await enrolment.enrol('two')
  const device = newId()
  const deviceSecret = Secret.random()
  const plan = {
    enrolment,
    nonce,
    device: { device, deviceSecret },
    name: 'Ada',
    deviceName: 'bench',
    teamName: 'Bench',
    server: url,
    setupToken: SETUP_TOKEN,
    connect: wsConnector,
    now: Date.now(),
  }
  const founded = await foundTeam(plan, genesisOf(plan))
  if (!founded.ok) throw new Error(founded.message)
  const { membership } = founded.value
  const installed = { membership, device, deviceSecret, keys, storePath: join(folder, 'store') }
  const opened = await openDevice({ ...installed, environment: '' })
  await untilMember(opened.session)
  const session = await UnlockedSession.open(opened.session, deviceSecret, enrolment.root.copy())
  const vault = await createVault(session, 'llm', ['production'])
  if (!vault.ok) throw new Error(vault.message)
  const environment = [...session.ledger.projection.environments.keys()][0] ?? ''
  for (let at = 0; at < items; at += BATCH) {
    const written = await session.append((author) => {
      const { epoch, meta, value } = holderKeys(author, environment)
      return Array.from({ length: Math.min(BATCH, items - at) }, (_, i) => {
        const place = { team: author.team, environment, item: newId(), version: 1 }
        const described = {
          name: `openai-${at + i}`,
          provider: 'openai',
          fields: ['api_key'],
          note: '',
          models: [],
        }
        const { put, itemKey } = sealItemVersion(place, epoch, { meta, value }, described, {
          api_key: `sk-proj-${'x'.repeat(48)}`,
        })
        itemKey.wipe()
        return itemDraft(environment, { type: 'item.put', plain: put })
      })
    })
    if (!written.ok) throw new Error(written.message)
  }
  session.stop()
  await opened.session.stop()
  await opened.store.close()
  const complete = { ...installed, environment }
  await writeCheckpoint(complete)
  return complete
}

/** An unlock as it would be some time before: it stays open until its checkpoint is written. */
const writeCheckpoint = async (installed: Installed): Promise<void> => {
  const { store, session: device } = await openDevice(installed)
  const session = await UnlockedSession.open(device, installed.deviceSecret, await unlockRoot(installed))
  await new Promise((resolve) => setTimeout(resolve, CHECKPOINT_MS))
  session.stop()
  await device.stop()
  await store.close()
}

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

export const benchUnlock = async (items: number): Promise<void> => {
  await cryptoReady()
  const folder = await mkdtemp(join(tmpdir(), 'countersign-bench-unlock-'))
  const server = await startServer(join(folder, 'server.db'))
  try {
    const installed = await install(folder, server.url, items)
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
