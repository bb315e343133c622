import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SoftwareKeys } from '@countersign/client/authenticator/software'
import { openRelease } from '@countersign/client/items/item-blobs'
import { InstallationFolder } from '@countersign/client/keys/installation'
import { unlockWithKey } from '@countersign/client/keys/ways-in'
import { deviceKem } from '@countersign/crypto/derive'
import { cryptoReady } from '@countersign/crypto/ready'
import { Secret } from '@countersign/crypto/secret'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { releaseSchema } from '@countersign/schema/ledger-entries'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LocalApiClient } from '../try-out/local-api-client.ts'
import { approve, enrolTwoKeys, environmentId, inviteAndJoin } from '../try-out/people.ts'
import { SyncServerProcess } from '../try-out/sync-server-process.ts'
import { until } from '../try-out/until.ts'
import { dumpOfCrash, dumpsAreFiles, letMemoryIntoDumps } from './core-dump.ts'
import { LoneInstallation } from './lone-installation.ts'
import { isAlive, searchMemory } from './process-memory.ts'
import { serverEntries } from './server-entries.ts'
import { type Spelling, spellingsOf } from './spellings.ts'

const HOUR = 3_600_000
const VALUE = `sk-proj-${randomBytes(24).toString('base64url')}`
const REFERENCE = 'cs://llm/production/openai'

/** A whole team is set up first, on whatever machine this is. */
const SET_UP_MS = 180_000

/** Linux lets its root read other processes; elsewhere there is nothing to read them with. */
describe.runIf(process.platform === 'linux')('memory of an installation whose vault was open', () => {
  let folder: string
  let server: SyncServerProcess
  let admin: Installation
  let developer: LoneInstallation
  /** Of each secret: what the core had to hold in order to answer. */
  let secrets: Readonly<Record<'value' | 'root' | 'item key', Spelling[]>>
  let core: number
  let production: string
  let token: string

  const readValue = async (): Promise<void> => {
    const { localApi } = await developer.must('status.get', {})
    const read = await new LocalApiClient(localApi?.url ?? '').read(REFERENCE, token)
    expect(read).toMatchObject({ ok: true, value: { value: VALUE } })
  }

  /** The secrets of which anything is in that process; which spelling of each does not matter here. */
  const held = (pid: number): string[] => {
    const { found, searchedBytes } = searchMemory(pid, Object.values(secrets).flat())
    expect(searchedBytes).toBeGreaterThan(5_000_000)
    return Object.keys(secrets).filter((name) => found.some((each) => each.startsWith(`${name},`)))
  }

  /** What the developer's core opens, opened here once more: with its own files, as it does. */
  const openAgain = async (profileDir: string): Promise<typeof secrets> => {
    await cryptoReady
    const profile = new InstallationFolder(profileDir)
    const installation = profile.read()
    if (installation?.membership == null) throw new Error('the developer is in no team')
    const { membership, device, deviceSecret } = installation
    const opened = await unlockWithKey(membership, device, new SoftwareKeys(profile.softwareKeysPath))
    if (!opened.ok) throw new Error(opened.code)
    const { root } = opened.value
    const entries = serverEntries(server.dataFile).map(({ envelope }) => envelope)
    const granted = entries.find(({ type }) => type === 'grant.issue')
    const [first]: unknown[] = (granted?.plain.releases as unknown[] | undefined) ?? []
    const release = releaseSchema.parse(first)
    const kem = deviceKem(root, Secret.take(deviceSecret.bytes))
    const itemKey = openRelease(membership.team, production, release, kem)
    return {
      value: spellingsOf('value', VALUE),
      root: spellingsOf('root', root.expose()),
      'item key': spellingsOf('item key', itemKey.expose()),
    }
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-traces-'))
    server = new SyncServerProcess({ dataFile: join(folder, 'countersign.db') })
    await server.start()
    admin = await startInstallation(join(folder, 'admin'))
    developer = await LoneInstallation.start(join(folder, 'developer'))
    await enrolTwoKeys(admin)
    await admin.must('team.create', {
      server: server.url,
      setupToken: server.setupToken,
      team: 'Traces',
      name: 'Ada',
      device: 'laptop',
    })
    const vault = await admin.must('vault.create', { name: 'llm', environments: ['production'] })
    production = environmentId(vault, 'production')
    await inviteAndJoin(admin, developer, {
      name: 'Dana',
      device: 'laptop',
      roles: ['developer'],
      access: [{ environment: production, level: 'request', approve: false }],
    })
    const { me } = await admin.must('status.get', {})
    await admin.must('member.access', {
      member: me?.member ?? '',
      access: [{ environment: production, level: 'hold', approve: true }],
    })
    await admin.must('policy.set', {
      environment: production,
      policy: {
        rule: { op: 'quorum', k: 1, of: { kind: 'approvers' } },
        selfApproval: false,
        deadlineMs: 24 * HOUR,
        maxLeaseMs: 24 * HOUR,
        maxOfflineMs: 24 * HOUR,
        maxUnwitnessedMs: 24 * HOUR,
      },
    })
    await admin.must('item.create', {
      environment: production,
      name: 'openai',
      provider: 'openai',
      value: { api_key: VALUE },
      note: '',
      models: [],
    })
    const { localApi } = await developer.must('status.get', {})
    const api = new LocalApiClient(localApi?.url ?? '')
    const asked = await until(
      async () => {
        const answer = await api.bind({
          application: 'Program',
          vault: 'llm',
          environment: 'production',
          items: ['openai'],
          lease: { durationMs: HOUR },
          reason: 'Reading',
          tokenFor: 'any-program',
        })
        return answer.ok ? answer.value : null
      },
      { what: 'the program asks' },
    )
    await approve(admin, asked.id)
    token = await until(
      async () => {
        const poll = await api.poll(asked.id, asked.claim, 5)
        return poll.ok ? (poll.value.token ?? null) : null
      },
      { what: 'the token' },
    )
    await readValue()
    secrets = await openAgain(join(folder, 'developer'))
    core = await developer.corePid()
  }, SET_UP_MS)
  afterAll(async () => {
    await developer?.stop()
    await admin?.stop()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('T40 the search bites: unlocked, the core holds the value, the root and the item key; its parent none of them', () => {
    expect(held(core)).toEqual(['value', 'root', 'item key'])
    expect(held(developer.pid)).toEqual([])
  })

  it('T43 the kernel is told to leave memory out of a core dump of it', () => {
    expect(Number.parseInt(readFileSync(`/proc/${core}/coredump_filter`, 'latin1'), 16)).toBe(0)
  })

  it('T40 after a lock that core is dead, and neither the next one nor their parent holds anything of them', async () => {
    await developer.lock()
    expect(isAlive(core)).toBe(false)
    const next = await developer.corePid()
    expect(next).not.toBe(core)
    expect(held(next)).toEqual([])
    expect(held(developer.pid)).toEqual([])
  })

  /** Unlocked, with all three in its memory: then it crashes. Which of them are in the dump; null: there is no dump. */
  const crash = async (before: (pid: number) => void): Promise<string[] | null> => {
    await developer.must('vault.unlock', {})
    await readValue()
    const pid = await developer.corePid()
    expect(held(pid)).toEqual(['value', 'root', 'item key'])
    before(pid)
    const dump = await dumpOfCrash(pid)
    await until(async () => (await developer.must('status.get', {})).phase === 'locked', {
      what: 'the next core',
    })
    const found = (spellings: Spelling[]) => spellings.some(({ bytes }) => dump?.includes(bytes))
    return dump === null ? null : Object.keys(secrets).filter((name) => found(secrets[name as 'value']))
  }

  // Where the kernel hands dumps to a program there is no file to look at.
  const itWithDumps = it.runIf(dumpsAreFiles())
  itWithDumps(
    'T43 the search bites: as the kernel does it by itself, a dump of the crashed core holds all three',
    async () => {
      expect(await crash(letMemoryIntoDumps)).toEqual(['value', 'root', 'item key'])
    },
  )

  itWithDumps(
    'T43 a core that crashes with all three in its memory leaves none of them in a dump',
    async () => {
      expect((await crash(() => undefined)) ?? []).toEqual([])
    },
  )

  it('T40 the sync server never held any', () => {
    expect(held(server.pid ?? 0)).toEqual([])
  })
})
