import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { environmentId, inviteAndJoin, type Vault } from './people.ts'
import { SyncServerProcess } from './sync-server-process.ts'
import { until } from './until.ts'

/** A team of its own for each test: two processes and two enrolled ways in, on whatever machine runs this. */
const SET_UP_MS = 240_000

/** Somebody's computer is gone: they come back on another one with their recovery sheet and a way in (P11). */
describe('a new computer', () => {
  let folder: string
  let server: SyncServerProcess
  let ada: Installation
  let code: string
  let vault: Vault
  const started: Installation[] = []

  const open = async (name: string): Promise<Installation> => {
    const installation = await startInstallation(join(folder, name))
    started.push(installation)
    return installation
  }
  const stop = async (installation: Installation): Promise<void> => {
    started.splice(started.indexOf(installation), 1)
    await installation.stop()
  }
  const sheetOf = async (installation: Installation): Promise<string> =>
    (await installation.must('sheet.get', {})).lines.join('\n')
  /** A security key in one's pocket. */
  const carryKeys = async (from: string, to: string): Promise<void> => {
    await mkdir(join(folder, to), { mode: 0o700, recursive: true })
    await cp(join(folder, from, 'software-keys'), join(folder, to, 'software-keys'))
  }
  const item = (name: string) => ({
    environment: environmentId(vault, 'production'),
    name,
    provider: 'openai',
    value: { api_key: 'sk-proj-made-up-for-this-test' },
    note: '',
    models: [],
  })
  const confirmed = (installation: Installation): Promise<true> =>
    until(async () => (await installation.must('status.get', {})).unconfirmed === null, {
      what: 'confirmation',
    })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-new-computer-'))
    await mkdir(join(folder, 'server'))
    server = new SyncServerProcess({ dataFile: join(folder, 'server', 'countersign.db') })
    await server.start()
    ada = await open('ada')
    await ada.must('setup.enrolKey', { label: 'Blue key' })
    const made = await ada.must('setup.newRecoveryCode', {})
    code = made.text
    const groups = code.split('-')
    await ada.must('setup.confirmRecoveryCode', { groups: made.ask.map((at) => groups[at - 1] ?? '') })
    await ada.must('team.create', {
      server: server.url,
      setupToken: server.setupToken,
      team: 'Team',
      name: 'Ada',
      device: 'Old laptop',
    })
    vault = await ada.must('vault.create', { name: 'llm', environments: ['production'] })
    await ada.must('item.create', item('openai'))
    await until(async () => (await ada.must('status.get', {})).uploadsWaiting === 0, { what: 'both ways in' })
  }, SET_UP_MS)
  afterEach(async () => {
    await Promise.all(started.splice(0).map((installation) => installation.stop()))
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('P11 the only member comes back with the recovery code: reads at once, writes after saying that nobody can confirm', async () => {
    const text = await sheetOf(ada)
    await stop(ada)
    await rm(join(folder, 'ada'), { recursive: true })
    const fresh = await open('fresh')
    expect(await fresh.must('sheet.read', { text })).toEqual({ server: server.url })
    const status = await fresh.must('sheet.openWithCode', {
      text,
      code: code.toLowerCase(),
      device: 'New laptop',
    })
    expect(status).toMatchObject({ phase: 'unlocked', unconfirmed: { alone: true }, sheetKept: true })
    const [row] = await until(
      async () => {
        const rows = await fresh.must('items.list', {})
        return rows.length === 1 ? rows : null
      },
      { what: 'the credential' },
    )
    const shown = await fresh.must('item.reveal', { item: row?.item ?? '', field: 'api_key' })
    expect(shown.value).toBe('sk-proj-made-up-for-this-test')
    expect(await fresh.call('item.create', item('another'))).toMatchObject({
      ok: false,
      error: { code: 'device.unconfirmed' },
    })
    await fresh.must('confirmation.acknowledge', {})
    await fresh.must('item.create', item('another'))
    const me = (await fresh.must('members.list', {})).find((each) => each.me)
    expect(me?.devices.map(({ name }) => name).sort()).toEqual(['New laptop', 'Old laptop'])

    // The same place after a lock: nothing to acknowledge again, the code opens it, and a security key is added with it.
    await fresh.lock()
    await fresh.ready()
    expect(await fresh.call('vault.unlock', {})).toMatchObject({ error: { code: 'unlock.no_keys' } })
    const again = await fresh.must('vault.unlockWithRecoveryCode', { text: code })
    expect(again).toMatchObject({ phase: 'unlocked', unconfirmed: null, waysIn: { keys: 0, recovery: true } })
    await fresh.must('keys.add', { label: 'Green key', recoveryCode: code })
    await until(async () => (await fresh.must('status.get', {})).uploadsWaiting === 0, {
      what: 'the new key',
    })
    await fresh.lock()
    await fresh.ready()
    expect(await fresh.must('vault.unlock', {})).toMatchObject({ phase: 'unlocked', waysIn: { keys: 1 } })
  })

  it('P11 in a team it seals nothing to others until another member’s device has seen it, then confirms by itself', async () => {
    const abel = await open('abel')
    await inviteAndJoin(ada, abel, {
      name: 'Abel',
      device: 'Abel’s laptop',
      roles: ['admin'],
      access: [{ environment: environmentId(vault, 'production'), level: 'hold', approve: true }],
    })
    const text = await sheetOf(ada)
    await stop(ada)
    await stop(abel)
    await carryKeys('ada', 'fresh')
    const fresh = await open('fresh')
    const status = await fresh.must('sheet.openWithKey', { text, device: 'New laptop' })
    expect(status).toMatchObject({ phase: 'unlocked', unconfirmed: { alone: false }, waysIn: { keys: 1 } })
    const refused = { ok: false, error: { code: 'device.unconfirmed' } }
    expect(await fresh.call('confirmation.acknowledge', {})).toMatchObject(refused)
    const environment = environmentId(vault, 'production')
    const me = status.me?.member ?? ''
    const writes = [
      fresh.call('item.create', item('another')),
      fresh.call('vault.create', { name: 'other', environments: ['staging'] }),
      fresh.call('member.access', { member: me, access: [{ environment, level: 'view', approve: false }] }),
      fresh.call('environment.rekey', { environment }),
    ]
    for (const write of writes) expect(await write).toMatchObject(refused)
    const [row] = await fresh.must('items.list', {})
    await fresh.must('item.reveal', { item: row?.item ?? '', field: 'api_key' })
    // Locked and unlocked again it still waits.
    await fresh.lock()
    await fresh.ready()
    expect(await fresh.must('vault.unlock', {})).toMatchObject({ unconfirmed: { alone: false } })
    await open('abel')
    await confirmed(fresh)
    await fresh.must('item.create', item('another'))
    const installed = await fresh.must('members.list', {})
    expect(installed.find((each) => each.me)?.devices).toHaveLength(2)
  })

  it('P10 a wrong code, another person’s key, a mistyped sheet and a sheet of nobody’s are refused; the right ones still work', async () => {
    const text = await sheetOf(ada)
    const fresh = await open('fresh')
    const withCode = (typed: string, sheet = text) =>
      fresh.call('sheet.openWithCode', { text: sheet, code: typed, device: 'New laptop' })
    expect(await withCode('AAAA')).toMatchObject({ error: { code: 'recovery.bad_length' } })
    const other = await open('other')
    const { text: otherCode } = await other.must('setup.newRecoveryCode', {})
    expect(await withCode(otherCode)).toMatchObject({ error: { code: 'wrap.refused' } })
    expect(await withCode(code, text.slice(0, 100))).toMatchObject({ error: { code: 'sheet.incomplete' } })
    await fresh.must('setup.enrolKey', { label: 'A key of somebody else' })
    expect(await fresh.call('sheet.openWithKey', { text, device: 'New laptop' })).toMatchObject({
      error: { code: 'authenticator.no_credential' },
    })
    await server.stop()
    expect(await withCode(code)).toMatchObject({ error: { code: 'server.unreachable' } })
    await server.start()
    expect(await withCode(code)).toMatchObject({ ok: true })
    expect(await withCode(code)).toMatchObject({ error: { code: 'team.already' } })
  })

  it('P11 a server that shows an older ledger than the sheet is not believed', async () => {
    await server.stop()
    await cp(join(folder, 'server'), join(folder, 'older'), { recursive: true })
    await server.start()
    await until(async () => (await ada.must('status.get', {})).server?.connection === 'live', {
      what: 'Ada’s app',
    })
    await ada.must('vault.create', { name: 'later', environments: ['staging'] })
    const text = await sheetOf(ada)
    await stop(ada)
    await server.stop()
    await rm(join(folder, 'server'), { recursive: true })
    await cp(join(folder, 'older'), join(folder, 'server'), { recursive: true })
    await server.start()
    const fresh = await open('fresh')
    const opened = await fresh.call('sheet.openWithCode', { text, code, device: 'New laptop' })
    expect(opened).toMatchObject({ ok: false, error: { code: 'rollback' } })
    expect((await fresh.must('status.get', {})).phase).toBe('empty')
  })

  it('P11 somebody who was removed does not come back', async () => {
    const abel = await open('abel')
    await inviteAndJoin(ada, abel, { name: 'Abel', device: 'Abel’s laptop', roles: [], access: [] })
    const text = await sheetOf(abel)
    const member = (await abel.must('status.get', {})).me?.member ?? ''
    await stop(abel)
    await ada.must('member.remove', { member, reason: '' })
    await carryKeys('abel', 'fresh')
    const fresh = await open('fresh')
    expect(await fresh.call('sheet.openWithKey', { text, device: 'New laptop' })).toMatchObject({
      error: { code: 'authenticator.no_credential' },
    })
  })
})
