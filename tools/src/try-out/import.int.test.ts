import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImportView } from '@countersign/desktop/shared/job-views'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { environmentId } from './people.ts'
import { TwoInstallations } from './two-installations.ts'
import { until } from './until.ts'

/** An env file becomes credentials, on a real core and a real server. */
describe('importing an env file', () => {
  const openai = `sk-proj-${'a1'.repeat(20)}`
  let two: TwoInstallations
  let development: string
  let file: string

  const state = async (): Promise<ImportView | null> => (await two.ada.must('import.state', {})).import
  const ended = async (): Promise<ImportView> => {
    await until(async () => !['choosing', 'running'].includes((await state())?.state ?? 'choosing'), {
      what: 'the import stands still',
    })
    const view = await state()
    if (view === null) throw new Error('there is no import')
    return view
  }
  /** What the file's text is sorted into. */
  const opened = async (text: string | Buffer): Promise<ImportView> => {
    await writeFile(file, text)
    two.ada.fileToOpen = file
    await two.ada.must('import.choose', {})
    return ended()
  }
  const importAll = async (view: ImportView): Promise<ImportView> => {
    const rows = view.rows.map(({ row, name }) => ({ row, name }))
    await two.ada.must('import.start', { id: view.id, environment: development, rows })
    return ended()
  }
  const names = async (): Promise<string[]> =>
    (await two.ada.must('items.list', {})).map(({ name }) => name).sort()

  beforeAll(async () => {
    two = await TwoInstallations.start('nobody', ['development'])
    development = environmentId(two.vault, 'development')
    file = join(two.folder, '.env')
  })
  afterAll(() => two.stop())

  it('shows what its variables would become, and no value', async () => {
    const text = `OPENAI_API_KEY=${openai}\nPROD_OPENAI_API_KEY=sk-other\nLOG_LEVEL=debug\n`
    const view = await opened(text)
    expect(view).toMatchObject({
      state: 'ready',
      file: '.env',
      rows: [{ name: 'openai' }, { name: 'openai-prod' }],
    })
    expect(view.skipped).toEqual([{ variable: 'LOG_LEVEL', line: 3, why: 'no-secret' }])
    for (const value of [openai, 'sk-other', 'debug']) expect(JSON.stringify(view)).not.toContain(value)
    expect(await names()).toEqual([])
  })

  it('goes on with the file that was there where somebody looks for another and takes none', async () => {
    const before = await state()
    two.ada.fileToOpen = null
    await two.ada.must('import.choose', {})
    expect(await ended()).toEqual(before)
  })

  it('adds what was chosen, under the names that were given, and leaves the file as it is', async () => {
    const before = await readFile(file)
    const id = (await state())?.id ?? ''
    await two.ada.must('import.start', { id, environment: development, rows: [{ row: 0, name: 'main' }] })
    const view = await ended()
    expect(view).toMatchObject({ state: 'done', done: 1, total: 1 })
    expect(view.rows[0]?.result).toEqual({ ok: true, item: expect.stringMatching(/^[0-9a-f]{32}$/) })
    expect(await names()).toEqual(['main'])
    const [row] = await two.ada.must('items.list', {})
    const revealed = await two.ada.must('item.reveal', { item: row?.item ?? '', field: 'api_key' })
    expect(revealed.value).toBe(openai)
    expect(await readFile(file)).toEqual(before)
  })

  it('says of each that could not be added why, and adds the others', async () => {
    const view = await importAll(await opened(`MAIN_API_KEY=1\nGROQ_API_KEY=gsk_${'b'.repeat(30)}\n`))
    expect(view.rows.map(({ name, result }) => [name, result?.ok])).toEqual([
      ['main', false],
      ['groq', true],
    ])
    expect(view.rows[0]?.result).toMatchObject({ error: { code: 'name.taken' } })
  })

  it('refuses a file whole that is not an env file, with what to do', async () => {
    const before = await names()
    for (const [code, text] of [
      ['import.line', 'A=1\nsk-not-a-line'],
      ['import.archive', Buffer.from('PK\u0003\u0004')],
      ['import.encoding', Buffer.from('\ufeffA=1', 'utf16le')],
    ] as const) {
      const view = await opened(text)
      expect(view).toMatchObject({
        state: 'failed',
        rows: [],
        error: { code, fix: expect.stringMatching(/\w/) },
      })
      expect(JSON.stringify(view)).not.toContain('sk-not-a-line')
      const start = await two.ada.call('import.start', {
        id: view.id,
        environment: development,
        rows: [{ row: 0, name: 'x' }],
      })
      expect(start).toMatchObject({ ok: false, error: { code: 'import.none' } })
    }
    expect(await names()).toEqual(before)
  })

  it('refuses a row that the file does not have, one name twice, and a start after it was cancelled', async () => {
    const before = await opened('X_API_KEY=1\nY_API_KEY=2\n')
    const { id } = await opened('X_API_KEY=1\nY_API_KEY=2\n')
    const start = (rows: { row: number; name: string }[], of = id) =>
      two.ada.call('import.start', { id: of, environment: development, rows })
    expect(await start([{ row: 0, name: 'x' }], before.id)).toMatchObject({ error: { code: 'import.none' } })
    expect(await start([{ row: 2, name: 'x' }])).toMatchObject({ error: { code: 'import.row_unknown' } })
    expect(
      await start([
        { row: 0, name: 'x' },
        { row: 1, name: 'x' },
      ]),
    ).toMatchObject({ error: { code: 'import.name_twice' } })
    await two.ada.must('import.cancel', {})
    expect(await start([{ row: 0, name: 'x' }])).toMatchObject({ error: { code: 'import.none' } })
  })

  it('stops where it is told to, and the same file again adds the rest and nothing twice', async () => {
    const many = Array.from({ length: 300 }, (_, index) => `P${index}_OPENAI_API_KEY=${openai}`).join('\n')
    const view = await opened(many)
    const rows = view.rows.map(({ row, name }) => ({ row, name }))
    await two.ada.must('import.start', { id: view.id, environment: development, rows })
    await until(async () => ((await state())?.done ?? 0) >= 3, { what: 'some are added' })
    await two.ada.must('import.cancel', {})
    const stopped = await ended()
    const added = stopped.rows.filter(({ result }) => result?.ok === true)
    expect(stopped.state).toBe('cancelled')
    expect(added.length).toBe(stopped.done)
    expect(added.length).toBeLessThan(300)
    const there = await names()
    expect(there.filter((name) => name.startsWith('openai-p'))).toHaveLength(added.length)

    const again = await opened(many)
    const rest = again.rows.filter(({ name }) => !there.includes(name))
    await two.ada.must('import.start', {
      id: again.id,
      environment: development,
      rows: rest.map(({ row, name }) => ({ row, name })),
    })
    expect((await ended()).rows.filter(({ result }) => result?.ok === false)).toEqual([])
    expect((await names()).filter((name) => name.startsWith('openai-p'))).toHaveLength(300)
  })

  it('adds nothing that would wait for the server, and says where it stopped', async () => {
    const before = await names()
    const view = await opened('W_API_KEY=1\nV_API_KEY=2\n')
    await two.server.stop()
    const stopped = await importAll(view)
    expect(stopped).toMatchObject({ state: 'done', done: 0, error: { code: 'offline' } })
    expect((await two.ada.must('status.get', {})).pendingChanges).toBe(0)
    await two.server.start()
    await until(async () => (await two.ada.must('status.get', {})).server?.connection === 'live', {
      what: 'the server is back',
    })
    expect(await names()).toEqual(before)
  })

  it('gives no two credentials one name, though both were made offline', async () => {
    const make = (api_key: string) =>
      two.ada.must('item.create', {
        environment: development,
        name: 'twice',
        provider: 'openai',
        value: { api_key },
        note: '',
        models: [],
      })
    await two.server.stop()
    await until(async () => (await two.ada.must('status.get', {})).server?.connection !== 'live', {
      what: 'the server is gone',
    })
    await make('sk-first')
    await make('sk-second')
    await two.server.start()
    await until(async () => (await two.ada.must('status.get', {})).pendingChanges === 0, {
      what: 'both were tried',
    })
    expect((await names()).filter((name) => name === 'twice')).toHaveLength(1)
    const [stranded, ...more] = await two.ada.must('stranded.list', {})
    expect(more).toEqual([])
    expect(stranded).toMatchObject({ name: 'twice', nameOnRetry: 'twice-2', listed: false })
    await two.ada.must('stranded.retry', { id: stranded?.id ?? '' })
    await until(async () => (await names()).includes('twice-2'), { what: 'it has a name of its own' })
    expect(await two.ada.must('stranded.list', {})).toEqual([])
  })

  it('is gone with the keys when it is locked', async () => {
    await opened(`XAI_API_KEY=xai-${'c'.repeat(30)}\n`)
    await two.ada.lock()
    expect(await two.ada.call('import.state', {})).toMatchObject({ ok: true, value: { import: null } })
    expect(await two.ada.call('import.choose', {})).toMatchObject({ ok: false })
    await two.ada.must('vault.unlock', {})
  })
})
