import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolTwoKeys, environmentId, inviteAndJoin } from './people.ts'
import { SyncServerProcess } from './sync-server-process.ts'
import { until } from './until.ts'

/** Two people who hold an environment change the same credentials while the server is away (P19). */
describe('changes made offline by two holders', () => {
  let folder: string
  let server: SyncServerProcess
  let ada: Installation
  let abel: Installation
  let production: string

  const connection = async (of: Installation): Promise<string | undefined> =>
    (await of.must('status.get', {})).server?.connection
  const itemNamed = async (of: Installation, name: string) => {
    const row = (await of.must('items.list', {})).find((each) => each.name === name)
    if (row === undefined) throw new Error(`no ${name}`)
    return row
  }
  const offline = async (): Promise<void> => {
    await server.stop()
    for (const each of [ada, abel]) {
      await until(async () => (await connection(each)) !== 'live', { what: 'everybody is offline' })
    }
  }
  /** The server is back, Ada's changes land first, then Abel comes. */
  const online = async (): Promise<void> => {
    const { profileDir } = abel
    await abel.stop()
    await server.start()
    await until(async () => (await ada.must('status.get', {})).pendingChanges === 0, {
      what: 'Ada’s changes',
    })
    abel = await startInstallation(profileDir)
    await abel.must('vault.unlock', {})
    await until(async () => (await abel.must('status.get', {})).pendingChanges === 0, {
      what: 'Abel’s changes',
    })
  }
  const change = (of: Installation, item: string, base: number, api_key: string) =>
    of.must('item.update', { item, base, value: { api_key }, note: `as ${api_key}` })
  const add = (name: string) =>
    ada.must('item.create', {
      environment: production,
      name,
      provider: 'openai',
      value: { api_key: 'sk-first' },
      note: '',
      models: [],
    })

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-conflicts-'))
    await mkdir(join(folder, 'server'))
    server = new SyncServerProcess({ dataFile: join(folder, 'server', 'countersign.db') })
    await server.start()
    ada = await startInstallation(join(folder, 'ada'))
    abel = await startInstallation(join(folder, 'abel'))
    await enrolTwoKeys(ada)
    await ada.must('team.create', {
      server: server.url,
      setupToken: server.setupToken,
      team: 'Team',
      name: 'Ada',
      device: 'laptop',
    })
    const vault = await ada.must('vault.create', { name: 'llm', environments: ['production'] })
    production = environmentId(vault, 'production')
    const access = [{ environment: production, level: 'hold' as const, approve: false }]
    await inviteAndJoin(ada, abel, { name: 'Abel', device: 'laptop', roles: [], access })
    for (const name of ['kept', 'chosen', 'deleted']) await add(name)
    await until(async () => (await abel.must('items.list', {})).length === 3, { what: 'three credentials' })
  })
  afterAll(async () => {
    await ada?.stop()
    await abel?.stop()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('P19 who comes too late loses nothing: both versions stand to choose from, and the choice settles it for everybody', async () => {
    const kept = await itemNamed(ada, 'kept')
    const chosen = await itemNamed(ada, 'chosen')
    const deleted = await itemNamed(ada, 'deleted')
    await offline()
    await change(ada, kept.item, 1, 'sk-ada')
    await change(ada, chosen.item, 1, 'sk-ada')
    await ada.must('item.delete', { item: deleted.item, base: 1 })
    await change(abel, kept.item, 1, 'sk-abel')
    await change(abel, chosen.item, 1, 'sk-abel')
    await change(abel, deleted.item, 1, 'sk-abel')
    expect((await abel.must('status.get', {})).pendingChanges).toBe(3)
    await online()

    const rows = await abel.must('items.list', {})
    expect(rows.map(({ name, version, conflict }) => ({ name, version, conflict }))).toEqual([
      { name: 'kept', version: 2, conflict: true },
      { name: 'chosen', version: 2, conflict: true },
    ])
    const stranded = await abel.must('stranded.list', {})
    expect(stranded.map(({ name, code, listed }) => ({ name, code, listed }))).toEqual([
      { name: 'kept', code: 'item.conflict', listed: true },
      { name: 'chosen', code: 'item.conflict', listed: true },
      { name: 'deleted', code: 'item.conflict', listed: false },
    ])

    const { base, choices } = await abel.must('item.choices', { item: chosen.item })
    expect(base).toBe(2)
    expect(choices.map(({ kind, by, note }) => ({ kind, by: by.name, note }))).toEqual([
      { kind: 'current', by: 'Ada', note: 'as sk-ada' },
      { kind: 'offline', by: 'Abel', note: 'as sk-abel' },
    ])
    const [current, mine] = choices
    const reveal = async (choice: string) =>
      (await abel.must('item.revealChoice', { item: chosen.item, choice, field: 'api_key' })).value
    expect(await reveal(current?.choice ?? '')).toBe('sk-ada')
    expect(await reveal(mine?.choice ?? '')).toBe('sk-abel')

    // One's own version becomes the next one …
    const settle = (item: string, choice: string, at: number) =>
      abel.call('item.settle', { item, base: at, choice })
    expect(await settle(chosen.item, mine?.choice ?? '', 1)).toMatchObject({
      error: { code: 'item.conflict' },
    })
    expect(await settle(chosen.item, 'offline-nothing', 2)).toMatchObject({
      error: { code: 'conflict.unknown' },
    })
    expect(await settle(chosen.item, mine?.choice ?? '', 2)).toEqual({ ok: true, value: { deleted: false } })
    await until(async () => (await itemNamed(ada, 'chosen')).version === 3, {
      what: 'the choice reaches Ada',
    })
    expect(await ada.must('item.reveal', { item: chosen.item, field: 'api_key' })).toMatchObject({
      value: 'sk-abel',
    })
    // … or what counts now stays, without another version.
    expect(await settle(kept.item, 'current', 2)).toMatchObject({ ok: true })
    expect(await itemNamed(abel, 'kept')).toMatchObject({ version: 2, conflict: false })
    // A change of something that was deleted meanwhile brings it back, if it is wanted.
    const last = await abel.must('stranded.list', {})
    expect(last.map(({ name }) => name)).toEqual(['deleted'])
    await abel.must('stranded.retry', { id: last[0]?.id ?? '' })
    expect(await itemNamed(abel, 'deleted')).toMatchObject({ version: 3, conflict: false })
    expect(await abel.must('stranded.list', {})).toEqual([])
    await until(async () => (await ada.must('items.list', {})).length === 3, { what: 'it is back at Ada’s' })
  })

  it('P19 what cannot be made any more is listed with its reason, tried again or discarded, never dropped by itself', async () => {
    const item = await itemNamed(abel, 'kept')
    const member = (await abel.must('status.get', {})).me?.member ?? ''
    await offline()
    await change(abel, item.item, 2, 'sk-too-late')
    const { profileDir } = abel
    await abel.stop()
    await server.start()
    await until(async () => (await connection(ada)) === 'live', { what: 'Ada is back' })
    const lower = [{ environment: production, level: 'view' as const, approve: false }]
    await ada.must('member.access', { member, access: lower })
    abel = await startInstallation(profileDir)
    await abel.must('vault.unlock', {})
    const [row] = await until(
      async () => {
        const rows = await abel.must('stranded.list', {})
        return rows.length === 1 ? rows : null
      },
      { what: 'the change is set aside' },
    )
    expect(row).toMatchObject({
      name: 'kept',
      code: 'author.not_holder',
      message: expect.stringContaining('holds'),
    })
    const again = await abel.call('stranded.retry', { id: row?.id ?? '' })
    expect(again).toMatchObject({ error: { code: 'author.not_holder' } })
    expect(await abel.must('stranded.list', {})).toHaveLength(1)
    await abel.must('stranded.discard', { id: row?.id ?? '' })
    expect(await abel.must('stranded.list', {})).toEqual([])
    expect(await itemNamed(ada, 'kept')).toMatchObject({ version: 2 })
  })
})
