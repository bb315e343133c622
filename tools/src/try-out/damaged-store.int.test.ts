import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { enrolTwoKeys, environmentId } from './people.ts'
import { SyncServerProcess } from './sync-server-process.ts'
import { until } from './until.ts'

const VALUE = 'sk-proj-behind-a-damaged-store'

/** The files of a local store with what is in them, but its log of openings and its lock. */
const contents = async (folder: string): Promise<Record<string, string>> => {
  const names = (await readdir(folder)).filter((name) => !/^LO(G|CK)/.test(name)).sort()
  const bytes = await Promise.all(names.map((name) => readFile(join(folder, name))))
  return Object.fromEntries(names.map((name, index) => [name, bytes[index]?.toString('base64') ?? '']))
}

describe('an installation whose local store is damaged', () => {
  let folder: string
  let server: SyncServerProcess
  let ada: Installation
  const profile = () => join(folder, 'ada')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'countersign-damaged-'))
    await mkdir(join(folder, 'server'), { mode: 0o700 })
    server = new SyncServerProcess({ dataFile: join(folder, 'server', 'countersign.db') })
    await server.start()
    ada = await startInstallation(profile())
    await enrolTwoKeys(ada)
    await ada.must('team.create', {
      server: server.url,
      setupToken: server.setupToken,
      team: 'Team',
      name: 'Ada',
      device: "Ada's laptop",
    })
    const vault = await ada.must('vault.create', { name: 'llm', environments: ['production'] })
    await ada.must('item.create', {
      environment: environmentId(vault, 'production'),
      name: 'openai',
      provider: 'openai',
      value: { api_key: VALUE },
      note: '',
      models: [],
    })
    await ada.stop()
  }, 120_000)
  afterAll(async () => {
    await ada?.stop()
    await server?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const isBack = async (): Promise<void> => {
    ada = await startInstallation(profile())
    await ada.must('vault.unlock', {})
    const [row] = await until(
      async () => {
        const rows = await ada.must('items.list', {})
        return rows.length === 1 ? rows : null
      },
      { what: 'the credential', timeoutMs: 60_000 },
    )
    const shown = await ada.must('item.reveal', { item: row?.item ?? '', field: 'api_key' })
    expect(shown.value).toBe(VALUE)
    await ada.stop()
  }

  it('P19 is not opened, says where it is and what to do, and is left as it is; put back, or moved aside as it says, it goes on', async () => {
    const entries = await readdir(profile(), { recursive: true })
    const manifest = join(profile(), entries.find((name) => /MANIFEST-\d+$/.test(name)) ?? '')
    const store = dirname(manifest)
    const good = await readFile(manifest)
    await writeFile(manifest, 'not a manifest at all, but long enough to be read as one')
    const before = await contents(store)
    const broken = new Installation(profile())
    await expect(broken.ready()).rejects.toThrow('store.corrupt')
    for (const refused of [await broken.call('status.get', {}), await broken.call('vault.unlock', {})]) {
      expect(refused).toMatchObject({ ok: false, error: { code: 'store.corrupt' } })
      expect(JSON.stringify(refused)).toContain(`${store} is damaged`)
      expect(JSON.stringify(refused)).toContain('Move that folder aside and start again')
    }
    await broken.stop()
    expect(await contents(store)).toEqual(before)

    await writeFile(manifest, good)
    await isBack()

    await rename(store, join(folder, 'moved aside'))
    await isBack()
  }, 180_000)
})
