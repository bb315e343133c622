import { join } from 'node:path'
import { SoftwareKeys } from '@countersign/client/authenticator/software'
import { sealItemVersion } from '@countersign/client/items/item-blobs'
import { Enrolment } from '@countersign/client/keys/enrolment'
import type { Membership } from '@countersign/client/keys/installation'
import { unlockWithKey } from '@countersign/client/keys/ways-in'
import { certifyDevice } from '@countersign/client/members/new-member'
import { systemClock } from '@countersign/client/replica/clock'
import { type Draft, type Signer, signDrafts } from '@countersign/client/replica/draft'
import { bindingRequest } from '@countersign/client/requests/request-bodies'
import { DeviceSession } from '@countersign/client/session/device-session'
import { UnlockedSession } from '@countersign/client/session/unlocked-session'
import { openLevelStore } from '@countersign/client/store/level-store'
import { type Author, holderKeys, itemDraft, ledgerDraft } from '@countersign/client/team/author'
import { foundTeam, genesisOf } from '@countersign/client/team/found-team'
import { wsConnector } from '@countersign/client/transport/ws-connector'
import { createVault } from '@countersign/client/vaults/vault-actions'
import { deviceKem, deviceSign, memberKeys } from '@countersign/crypto/derive'
import { randomBytes } from '@countersign/crypto/random'
import { Secret } from '@countersign/crypto/secret'
import { sign } from '@countersign/crypto/sign'
import { teamIdOf } from '@countersign/ledger/plain-membership'
import { ENTRY_PURPOSE, type Head } from '@countersign/schema/entry'
import { newId } from '@countersign/schema/ids'
import { openSqliteStore } from '@countersign/sync-server/adapters/store-sqlite/sqlite-store'
import { SETUP_TOKEN } from './sync-server.ts'

const BATCH = 500

/** One installation of the member, and what its profile folder would hold. */
export interface Installed {
  readonly membership: Membership
  readonly device: string
  readonly deviceSecret: Secret
  readonly keys: SoftwareKeys
  readonly storePath: string
  readonly environment: string
}

export const openDevice = async (installed: Installed) => {
  const store = await openLevelStore(installed.storePath)
  const { membership, device, deviceSecret } = installed
  const session = await DeviceSession.open({
    store,
    membership,
    device,
    deviceSecret,
    connect: wsConnector,
    clock: systemClock,
    log: () => undefined,
  })
  return { store, session }
}

export const unlockRoot = async ({ membership, device, keys }: Installed): Promise<Secret> => {
  const unlocked = await unlockWithKey(membership, device, keys)
  if (!unlocked.ok) throw new Error(unlocked.code)
  return unlocked.value.root
}

const untilMember = async (session: DeviceSession): Promise<void> => {
  while (!session.replica.projection.members.has(session.membership.member)) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** An installed member with both sessions open, for as long as `use` takes. */
export const withSession = async <T>(
  installed: Installed,
  use: (session: UnlockedSession) => Promise<T>,
): Promise<T> => {
  const { store, session: device } = await openDevice(installed)
  const session = await UnlockedSession.open(device, installed.deviceSecret, await unlockRoot(installed))
  try {
    return await use(session)
  } finally {
    session.stop()
    await device.stop()
    await store.close()
  }
}

/** Founds a team of one on a real server and makes an environment. */
export const foundBenchTeam = async (folder: string, url: string): Promise<Installed> => {
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
  const membership = founded.value
  const installed = {
    membership,
    device,
    deviceSecret,
    keys,
    storePath: join(folder, 'store'),
    environment: '',
  }
  const opened = await openDevice(installed)
  await untilMember(opened.session)
  const session = await UnlockedSession.open(opened.session, deviceSecret, enrolment.root.copy())
  const vault = await createVault(session, 'llm', ['production'])
  if (!vault.ok) throw new Error(vault.message)
  const environment = [...session.ledger.projection.environments.keys()][0] ?? ''
  session.stop()
  await opened.session.stop()
  await opened.store.close()
  return { ...installed, environment }
}

const authorOf = (session: UnlockedSession): Author => ({
  team: session.team,
  member: session.member,
  device: session.device.device,
  ring: session.ring,
  projection: session.ledger.projection,
  sign: session.memberSign,
})

/** New items as a person's import makes them. */
export const itemDrafts = (
  session: UnlockedSession,
  environment: string,
  from: number,
  count: number,
): Draft[] => {
  const author = authorOf(session)
  const { epoch, meta, value } = holderKeys(author, environment)
  return Array.from({ length: count }, (_, i) => {
    const place = { team: author.team, environment, item: newId(), version: 1 }
    const described = {
      name: `openai-${from + i}`,
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
}

/** What most of a ledger is: requests for bindings and how they ended, here each taken back. `count` is even. */
export const requestDrafts = (session: UnlockedSession, environment: string, count: number): Draft[] => {
  const author = authorOf(session)
  const { ledger } = session
  const terms = {
    vault: ledger.projection.environments.get(environment)?.vault ?? '',
    environment,
    items: [newId()],
    models: [],
    mode: 'reveal' as const,
    lease: { durationMs: 3_600_000, uses: null, untilLock: false, untilProcessEnds: false },
  }
  const caller = {
    executable: '/usr/bin/node',
    executableHash: randomBytes(32),
    pid: 4711,
    parents: ['/usr/bin/bash'],
    workingDirectory: '/home/ada/work',
    container: null,
    user: 'ada',
    via: 'tcp' as const,
  }
  const policy = ledger.policies.get(environment)
  return Array.from({ length: count / 2 }, () => {
    const body = bindingRequest({
      requester: author.member,
      device: author.device,
      terms,
      application: 'agent',
      caller,
      reason: 'Runs the nightly evaluation.',
      policyVersion: policy?.version ?? 0,
      createdAt: Date.now(),
      deadlineMs: policy?.policy.deadlineMs ?? 3_600_000,
    })
    const { request } = body
    return [
      ledgerDraft(author, 'request.create', { request }, body),
      ledgerDraft(author, 'request.cancel', { request }, { reason: 'Not needed any more.' }),
    ]
  }).flat()
}

/**
 * Puts `count` entries that the member signs into the data file of a server that is stopped: what many appends would leave there,
 * without the wait for each.
 */
export const fillServer = (
  file: string,
  installed: Installed,
  count: number,
  draftsOf: (session: UnlockedSession, from: number, count: number) => Draft[],
): Promise<void> =>
  withSession(installed, async (session) => {
    const { team, member, memberSign } = session
    const { device, replica } = session.device
    const heads = new Map<string, Head | null>()
    const head = (stream: string): Head | null => heads.get(stream) ?? replica.head(stream)
    const signer: Signer = { sign: (_stream, bytes) => sign(memberSign.secretKey, ENTRY_PURPOSE, bytes) }
    const store = openSqliteStore({ file, maxBytes: null })
    for (let from = 0; from < count; from += BATCH) {
      const drafts = draftsOf(session, from, Math.min(BATCH, count - from))
      const signed = signDrafts(drafts, { team, member, device, time: Date.now(), head }, signer)
      const parts = [...new Set(drafts.map(({ stream }) => stream))].map((stream) => {
        const entries = signed
          .filter((each) => each.stream === stream)
          .map(({ entry, hash, bytes }) => ({ id: entry.envelope.id, hash, bytes }))
        return { stream, expected: head(stream), entries }
      })
      const [outcome] = await store.log.append([{ team, parts }])
      if (outcome?.state !== 'appended') throw new Error(`the store says ${outcome?.state}`)
      for (const { stream, seq, hash } of signed) heads.set(stream, { seq, hash })
    }
    await store.close()
  })

/** A second installation of the member, with nothing on its disk yet. */
export const addDevice = (folder: string, installed: Installed): Promise<Installed> =>
  withSession(installed, async (session) => {
    const { membership, keys, environment } = installed
    const device = newId()
    const deviceSecret = Secret.random()
    const root = await unlockRoot(installed)
    const record = certifyDevice(session.team, session.member, session.memberSign, {
      device,
      signKey: deviceSign(deviceSecret).publicKey,
      kemKey: deviceKem(root, deviceSecret).publicKey,
    })
    root.wipe()
    const added = await session.append((author) => [
      ledgerDraft(author, 'device.add', { device: record }, { name: 'second' }),
    ])
    if (!added.ok) throw new Error(added.message)
    return { membership, device, deviceSecret, keys, storePath: join(folder, device), environment }
  })
