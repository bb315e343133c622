import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SyncServerProcess } from '@countersign/tools/try-out/sync-server-process'
import { expect, test } from '@playwright/test'
import { tempFolder } from './src/temp-folder.ts'
import { Person } from './story/person.ts'

// Somebody's computer is gone. What they see on the next one, in real windows: the sheet, a way in, the team again.

const SLOW = { timeout: 30_000 }

test.describe('a new computer, in its windows', () => {
  test.describe.configure({ mode: 'serial' })
  const folder = tempFolder()
  const server = new SyncServerProcess({ dataFile: join(folder.path, 'server', 'countersign.db') })
  let old: Person
  let fresh: Person | null = null
  let code: string
  let sheet: string[]

  test.beforeAll(async () => {
    mkdirSync(join(folder.path, 'server'), { mode: 0o700 })
    await server.start()
    old = await Person.start('Ada', 'software', join(folder.path, 'old'))
    code = (await old.createTeam(server.url, server.setupToken, 'Acme', 'key and code')) ?? ''
    await old.createVault('llm')
    await old.addCredential('OpenAI', 'llm / production', 'openai', { 'API key': 'sk-proj-made-up-for-this' })
  })
  test.afterAll(async () => {
    await fresh?.close()
    await old.close()
    await server.stop()
    folder.remove()
  })

  test('P11 the recovery sheet is shown, printed without anything around it, and kept', async () => {
    const { window } = old
    await old.go('Settings')
    await window.getByRole('button', { name: 'Recovery sheet' }).click()
    const lines = window.getByTestId('sheet-lines').locator('li')
    await expect(lines.first()).toBeVisible(SLOW)
    sheet = await lines.allTextContents()
    expect(sheet.length).toBeGreaterThan(2)
    await window.emulateMedia({ media: 'print' })
    await expect(lines.first()).toBeVisible()
    await expect(window.getByRole('navigation', { name: 'Main' })).toBeHidden()
    await expect(window.getByRole('button', { name: 'I keep it' })).toBeHidden()
    await window.emulateMedia({ media: null })
    await window.getByRole('button', { name: 'I keep it' }).click()
    await expect(window.getByRole('dialog')).toBeHidden(SLOW)
  })

  test('P10 a mistyped sheet and a wrong code are refused in words; nothing is set up by them', async () => {
    await old.close()
    fresh = await Person.start('Ada', 'software', join(folder.path, 'new'))
    const { window } = fresh
    await window.getByRole('button', { name: /^I already have a team/ }).click(SLOW)
    const field = window.getByLabel('Lines of the sheet')
    await field.fill(['0000', ...sheet.slice(1)].join('\n'))
    await window.getByRole('button', { name: 'Continue' }).click()
    await expect(window.getByRole('alert')).toContainText(/sheet/i, SLOW)
    await field.fill(sheet.join('\n').toLowerCase())
    await window.getByRole('button', { name: 'Continue' }).click()
    await expect(window.getByText(server.url)).toBeVisible(SLOW)
    await window.getByRole('button', { name: 'No key at hand? Use the recovery code' }).click()
    await window.getByLabel('Name of this computer').fill('New laptop')
    await window.getByLabel('Recovery code').fill(code.split('-').reverse().join('-'))
    await window.getByRole('button', { name: 'Open with the code' }).click()
    await expect(window.getByRole('alert')).toContainText(/code/i, SLOW)
  })

  test('P11 the right code opens it: the credential is there, and that nobody has confirmed this computer is said', async () => {
    if (fresh === null) throw new Error('the new computer was not started')
    const { window } = fresh
    await window.getByLabel('Recovery code').fill(code)
    await window.getByRole('button', { name: 'Open with the code' }).click()
    await fresh.isIn()
    await expect(window.getByText(/^Unconfirmed since/)).toBeVisible(SLOW)
    await fresh.go('Credentials')
    await expect(window.locator('.item-row', { hasText: 'openai' })).toBeVisible(SLOW)
    await fresh.go('Settings')
    await expect(window.getByText('New laptop')).toBeVisible(SLOW)
  })

  test('P11 a security key that is still in hand opens another one', async () => {
    if (fresh === null) throw new Error('the new computer was not started')
    await fresh.close()
    const profile = join(folder.path, 'third')
    mkdirSync(profile, { mode: 0o700 })
    cpSync(join(folder.path, 'old', 'software-keys'), join(profile, 'software-keys'))
    fresh = await Person.start('Ada', 'software', profile)
    const { window } = fresh
    await window.getByRole('button', { name: /^I already have a team/ }).click(SLOW)
    await window.getByLabel('Lines of the sheet').fill(sheet.join('\n'))
    await window.getByRole('button', { name: 'Continue' }).click()
    await window.getByRole('button', { name: 'Open with a security key' }).click(SLOW)
    await fresh.isIn()
    await fresh.go('Credentials')
    await expect(window.locator('.item-row', { hasText: 'openai' })).toBeVisible(SLOW)
  })
})
