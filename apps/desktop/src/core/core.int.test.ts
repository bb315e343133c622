import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Installation, startInstallation } from '../headless/installation.ts'
import type { contract } from '../shared/contract.ts'

describe('the core program of an installation that is in no team', () => {
  let folder: string
  const started: Installation[] = []
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-core-'))
  })
  afterEach(async () => {
    await Promise.all(started.splice(0).map((installation) => installation.stop()))
    await rm(folder, { recursive: true, force: true })
  })
  const start = async (): Promise<Installation> => {
    const installation = await startInstallation(join(folder, 'profile'))
    started.push(installation)
    return installation
  }

  it('refuses what needs a team or an unlock with a code and what to do, never with a fault', async () => {
    const installation = await start()
    const id = 'ab'.repeat(16)
    const requests: Record<string, unknown> = {
      'vault.create': { name: 'llm', environments: ['production'] },
      'items.list': {},
      'item.get': { item: id },
      'item.reveal': { item: id, field: 'api_key' },
      'members.list': {},
      'member.remove': { member: id, reason: '' },
      'invites.list': {},
      'invite.joinState': {},
      'invite.read': { link: 'countersign-invite:nonsense' },
      'vault.unlock': {},
      'vault.unlockWithRecoveryCode': { text: 'no code' },
      'requests.list': { limit: 10 },
      'bindings.list': { limit: 10, text: '' },
      'audit.list': { before: null, limit: 10, text: '' },
      'worklist.list': {},
      'bootstrap.close': {},
    }
    for (const [name, request] of Object.entries(requests)) {
      const result = await installation.call(name as keyof typeof contract, request as never)
      expect(result, name).toMatchObject({ ok: false, error: { fix: expect.stringMatching(/\w/) } })
      expect(result.ok ? '' : result.error.code, name).not.toMatch(/^core\./)
    }
  })

  it('P21 a team is not created before there are two ways in', async () => {
    const installation = await start()
    await installation.must('setup.enrolKey', { label: 'one' })
    const created = await installation.call('team.create', {
      server: 'http://127.0.0.1:1',
      setupToken: 'x'.repeat(20),
      team: 'Team',
      name: 'Ada',
      device: 'laptop',
    })
    expect(created).toMatchObject({ ok: false, error: { code: 'setup.not_ready' } })
  })

  it('an unreachable server, a wrong address and a plain http server elsewhere are refused with what to do', async () => {
    const installation = await start()
    await installation.must('setup.enrolKey', { label: 'one' })
    await installation.must('setup.enrolKey', { label: 'two' })
    const create = (server: string) =>
      installation.call('team.create', {
        server,
        setupToken: 'x'.repeat(20),
        team: 'Team',
        name: 'Ada',
        device: 'laptop',
      })
    expect(await create('http://127.0.0.1:1')).toMatchObject({ error: { code: 'server.unreachable' } })
    expect(await create('not an address')).toMatchObject({ error: { code: 'server.bad_address' } })
    expect(await create('http://sync.example.com')).toMatchObject({ error: { code: 'server.insecure' } })
    expect((await installation.must('status.get', {})).phase).toBe('empty')
  })

  it('P13 locking forgets keys that were enrolled and not yet used', async () => {
    const installation = await start()
    await installation.must('setup.enrolKey', { label: 'one' })
    const before = installation.pid
    await installation.lock()
    await installation.ready()
    expect(installation.pid).not.toBe(before)
    expect(await installation.must('setup.state', {})).toEqual({ keys: [], recovery: 'none', ready: false })
  })

  it('P13 the local API keeps its port over restarts', async () => {
    const first = (await (await start()).must('status.get', {})).localApi
    await Promise.all(started.splice(0).map((installation) => installation.stop()))
    const second = (await (await start()).must('status.get', {})).localApi
    expect(second?.url).toBe(first?.url)
    expect(second?.portMoved).toBe(false)
  })

  it('a damaged installation file stops the start, says what to do, and stays as it is', async () => {
    await (await start()).stop()
    started.splice(0)
    const file = join(folder, 'profile', 'installation.json')
    await writeFile(file, '{"version":1')
    const installation = new Installation(join(folder, 'profile'))
    started.push(installation)
    await expect(installation.ready()).rejects.toThrow('installation.corrupt')
    expect(await readFile(file, 'utf8')).toBe('{"version":1')
  })
})
