import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { environmentId, inviteAndJoin } from './people.ts'
import { TwoInstallations } from './two-installations.ts'
import { until } from './until.ts'

/** Two people who hold an environment change the same credentials while the server is away (P19). */
describe('changes made offline by two holders', () => {
  let two: TwoInstallations
  let production: string

  const connection = async (of: Installation): Promise<string | undefined> =>
    (await of.must('status.get', {})).server?.connection
  const itemNamed = async (of: Installation, name: string) => {
    const row = (await of.must('items.list', {})).find((each) => each.name === name)
    if (row === undefined) throw new Error(`no ${name}`)
    return row
  }
  const offline = async (): Promise<void> => {
    await two.server.stop()
    for (const each of [two.ada, two.other]) {
      await until(async () => (await connection(each)) !== 'live', { what: 'everybody is offline' })
    }
  }
  /** The server is back, Ada's changes land first, then Abel comes. */
  const online = async (): Promise<void> => {
    const { profileDir } = two.other
    await two.other.stop()
    await two.server.start()
    await until(async () => (await two.ada.must('status.get', {})).pendingChanges === 0, {
      what: 'Ada’s changes',
    })
    two.other = await startInstallation(profileDir)
    await two.other.must('vault.unlock', {})
    await until(async () => (await two.other.must('status.get', {})).pendingChanges === 0, {
      what: 'Abel’s changes',
    })
  }
  const change = (of: Installation, item: string, base: number, api_key: string) =>
    of.must('item.update', { item, base, value: { api_key }, note: `as ${api_key}` })
  const add = (name: string) =>
    two.ada.must('item.create', {
      environment: production,
      name,
      provider: 'openai',
      value: { api_key: 'sk-first' },
      note: '',
      models: [],
    })

  beforeAll(async () => {
    two = await TwoInstallations.start('abel', ['production'])
    production = environmentId(two.vault, 'production')
    const access = [{ environment: production, level: 'hold' as const, approve: false }]
    await inviteAndJoin(two.ada, two.other, { name: 'Abel', device: 'laptop', roles: [], access })
    for (const name of ['kept', 'chosen', 'deleted']) await add(name)
    await until(async () => (await two.other.must('items.list', {})).length === 3, {
      what: 'three credentials',
    })
  })
  afterAll(async () => {
    await two?.stop()
  })

  it('P19 who comes too late loses nothing: both versions stand to choose from, and the choice settles it for everybody', async () => {
    const kept = await itemNamed(two.ada, 'kept')
    const chosen = await itemNamed(two.ada, 'chosen')
    const deleted = await itemNamed(two.ada, 'deleted')
    await offline()
    await change(two.ada, kept.item, 1, 'sk-ada')
    await change(two.ada, chosen.item, 1, 'sk-ada')
    await two.ada.must('item.delete', { item: deleted.item, base: 1 })
    await change(two.other, kept.item, 1, 'sk-abel')
    await change(two.other, chosen.item, 1, 'sk-abel')
    await change(two.other, deleted.item, 1, 'sk-abel')
    expect((await two.other.must('status.get', {})).pendingChanges).toBe(3)
    await online()

    const rows = await two.other.must('items.list', {})
    expect(rows.map(({ name, version, conflict }) => ({ name, version, conflict }))).toEqual([
      { name: 'kept', version: 2, conflict: true },
      { name: 'chosen', version: 2, conflict: true },
    ])
    const stranded = await two.other.must('stranded.list', {})
    expect(stranded.map(({ name, code, listed }) => ({ name, code, listed }))).toEqual([
      { name: 'kept', code: 'item.conflict', listed: true },
      { name: 'chosen', code: 'item.conflict', listed: true },
      { name: 'deleted', code: 'item.conflict', listed: false },
    ])

    const { base, choices } = await two.other.must('item.choices', { item: chosen.item })
    expect(base).toBe(2)
    expect(choices.map(({ kind, by, note }) => ({ kind, by: by.name, note }))).toEqual([
      { kind: 'current', by: 'Ada', note: 'as sk-ada' },
      { kind: 'offline', by: 'Abel', note: 'as sk-abel' },
    ])
    const [current, mine] = choices
    const reveal = async (choice: string) =>
      (await two.other.must('item.revealChoice', { item: chosen.item, choice, field: 'api_key' })).value
    expect(await reveal(current?.choice ?? '')).toBe('sk-ada')
    expect(await reveal(mine?.choice ?? '')).toBe('sk-abel')

    // One's own version becomes the next one …
    const settle = (item: string, choice: string, at: number) =>
      two.other.call('item.settle', { item, base: at, choice })
    expect(await settle(chosen.item, mine?.choice ?? '', 1)).toMatchObject({
      error: { code: 'item.conflict' },
    })
    expect(await settle(chosen.item, 'offline-nothing', 2)).toMatchObject({
      error: { code: 'conflict.unknown' },
    })
    expect(await settle(chosen.item, mine?.choice ?? '', 2)).toEqual({ ok: true, value: { deleted: false } })
    await until(async () => (await itemNamed(two.ada, 'chosen')).version === 3, {
      what: 'the choice reaches Ada',
    })
    expect(await two.ada.must('item.reveal', { item: chosen.item, field: 'api_key' })).toMatchObject({
      value: 'sk-abel',
    })
    // … or what counts now stays, without another version.
    expect(await settle(kept.item, 'current', 2)).toMatchObject({ ok: true })
    expect(await itemNamed(two.other, 'kept')).toMatchObject({ version: 2, conflict: false })
    // A change of something that was deleted meanwhile brings it back, if it is wanted.
    const last = await two.other.must('stranded.list', {})
    expect(last.map(({ name }) => name)).toEqual(['deleted'])
    await two.other.must('stranded.retry', { id: last[0]?.id ?? '' })
    expect(await itemNamed(two.other, 'deleted')).toMatchObject({ version: 3, conflict: false })
    expect(await two.other.must('stranded.list', {})).toEqual([])
    await until(async () => (await two.ada.must('items.list', {})).length === 3, {
      what: 'it is back at Ada’s',
    })
  })

  it('P19 what cannot be made any more is listed with its reason, tried again or discarded, never dropped by itself', async () => {
    const item = await itemNamed(two.other, 'kept')
    const member = (await two.other.must('status.get', {})).me?.member ?? ''
    await offline()
    await change(two.other, item.item, 2, 'sk-too-late')
    const { profileDir } = two.other
    await two.other.stop()
    await two.server.start()
    await until(async () => (await connection(two.ada)) === 'live', { what: 'Ada is back' })
    const lower = [{ environment: production, level: 'view' as const, approve: false }]
    await two.ada.must('member.access', { member, access: lower })
    two.other = await startInstallation(profileDir)
    await two.other.must('vault.unlock', {})
    const [row] = await until(
      async () => {
        const rows = await two.other.must('stranded.list', {})
        return rows.length === 1 ? rows : null
      },
      { what: 'the change is set aside' },
    )
    expect(row).toMatchObject({
      name: 'kept',
      code: 'author.not_holder',
      message: expect.stringContaining('holds'),
    })
    const again = await two.other.call('stranded.retry', { id: row?.id ?? '' })
    expect(again).toMatchObject({ error: { code: 'author.not_holder' } })
    expect(await two.other.must('stranded.list', {})).toHaveLength(1)
    await two.other.must('stranded.discard', { id: row?.id ?? '' })
    expect(await two.other.must('stranded.list', {})).toEqual([])
    expect(await itemNamed(two.ada, 'kept')).toMatchObject({ version: 2 })
  })
})
