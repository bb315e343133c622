import { copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Installation, startInstallation } from '@countersign/desktop/headless/installation'
import { LocalApiClient } from '@countersign/tools/try-out/local-api-client'
import { environmentId, inviteAndJoin } from '@countersign/tools/try-out/people'
import { until } from '@countersign/tools/try-out/until'
import { expect, test } from '@playwright/test'
import { countersign } from './src/cli.ts'
import { tempFolder } from './src/temp-folder.ts'
import { type Holding, startHolding } from './story/holding.ts'

// A real server whose data somebody put back to an older copy, so that it shows one person another history than it showed Dana: what
// she sees in the real window, what she can save, and what anybody can make of it.

const SLOW = { timeout: 60_000 }
const ENDINGS = ['', '-wal', '-shm']

test.describe('a server that shows two histories', () => {
  test.describe.configure({ mode: 'serial' })
  const folder = tempFolder()
  const data = join(folder.path, 'countersign.db')
  const older = join(folder.path, 'older.db')
  let holding: Holding
  let ben: Installation

  /** One file after another as it lies, or its absence. */
  const copyData = async (from: string, to: string): Promise<void> => {
    for (const ending of ENDINGS) {
      await rm(`${to}${ending}`, { force: true })
      await copyFile(`${from}${ending}`, `${to}${ending}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
    }
  }
  const rotated = async (by: Installation, value: string): Promise<void> => {
    const [row] = await until(
      async () => {
        const rows = await by.must('items.list', {})
        return rows.length > 0 ? rows : null
      },
      { what: 'the credential' },
    )
    const { item = '', version = 1 } = row ?? {}
    await by.must('item.update', { item, base: version, value: { api_key: value } })
  }

  test.beforeAll(async () => {
    holding = await startHolding(folder.path, { value: 'sk-proj-made-up', roles: ['developer'] })
    const { admin } = holding
    const [vault] = await admin.must('vaults.list', {})
    if (vault === undefined) throw new Error('there is no vault')
    ben = await startInstallation(join(folder.path, 'ben'))
    await inviteAndJoin(admin, ben, {
      name: 'Ben',
      device: 'laptop',
      roles: ['developer'],
      access: [{ environment: environmentId(vault, 'production'), level: 'hold', approve: false }],
    })
  })
  test.afterAll(async () => {
    await ben?.stop()
    await holding?.close()
    folder.remove()
  })

  test('the window stops, says what happened in words, and no program is served', async () => {
    const { dana, admin, server } = holding
    const heads = async (who: Installation) => (await who.must('status.get', {})).pendingChanges === 0
    await until(() => heads(ben), { what: 'Ben has everything' })
    await ben.stop()
    await server.stop()
    await copyData(data, older)
    await server.start()
    await rotated(admin, 'sk-proj-as-dana-saw-it')
    await dana.go('Credentials')
    await dana.window.locator('.item-row', { hasText: 'openai' }).first().click()
    await expect(dana.window.getByText('version 2')).toBeVisible(SLOW)

    await dana.restart(async () => {
      await admin.stop()
      await server.stop()
      await copyData(older, data)
      await server.start()
      ben = await startInstallation(join(folder.path, 'ben'))
      await ben.must('vault.unlock', {})
      await rotated(ben, 'sk-proj-as-ben-made-it')
    })
    await expect(dana.window.getByRole('heading', { name: /^Stopped: this server show/ })).toBeVisible(SLOW)
    await expect(dana.window.getByRole('alert')).toContainText('What is still safe')
    await expect(dana.window.getByRole('alert')).toContainText(server.url)
    // Nothing of the vault is behind it, and no way past it.
    await expect(dana.window.locator('.item-row')).toHaveCount(0)
    await dana.screenshot(join(import.meta.dirname, 'screenshots', 'alarm-fork.png'))
    const url = await dana.window.evaluate(async () => {
      const answer = await window.countersign.call('status.get', {})
      return answer.ok ? (answer.value.localApi?.url ?? '') : ''
    })
    const health = await new LocalApiClient(url).health()
    expect(health).toMatchObject({ ok: true, value: { phase: 'alarm', serves: { read: false } } })
  })

  test('its evidence is one file, which with what another member was shown convicts the server before anybody', async () => {
    const { window, app } = holding.dana
    const ours = join(folder.path, 'evidence.csaudit')
    await app.electron.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = async () => ({ canceled: false, filePath })
    }, ours)
    await window.getByRole('button', { name: 'Save the evidence' }).click()
    await expect(window.getByText(/^Saved/)).toBeVisible(SLOW)
    const alone = await countersign(['evidence', 'verify', ours], '', folder.path)
    expect(alone).toMatchObject({ code: 0, stdout: expect.stringContaining('VERIFIED') })

    await ben.must('export.audit', { records: false })
    const theirs = await until(
      async () => {
        const { export: now } = await ben.must('export.state', {})
        return now?.state === 'done' ? now.path : null
      },
      { what: 'Ben’s export' },
    )
    const both = await countersign(['evidence', 'verify', '--json', ours, theirs], '', folder.path)
    expect(both.code).toBe(1)
    expect(JSON.parse(both.stdout).between).toMatchObject([{ code: 'fork', kind: 'convicts' }])
  })

  test('trying the server again gives nothing up: while it shows what it showed, the window stops again', async () => {
    const { window: page } = holding.dana
    await page.getByRole('button', { name: 'Try this server again' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Try again' }).click()
    await expect(page.getByRole('dialog')).toHaveCount(0, SLOW)
    await expect(page.getByRole('heading', { name: /^Stopped: this server/ })).toBeVisible(SLOW)
    // What was set aside is kept beside the new one.
    const setAside = await page.evaluate(async () => {
      const answer = await window.countersign.call('status.get', {})
      return answer.ok ? answer.value.setAside : null
    })
    expect(setAside).toEqual(expect.any(Number))
  })
})
