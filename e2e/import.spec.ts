import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SyncServerProcess } from '@countersign/tools/try-out/sync-server-process'
import { expect, test } from '@playwright/test'
import { readFilesUnder } from './src/files-under.ts'
import { tempFolder } from './src/temp-folder.ts'
import { Person } from './story/person.ts'

// An env file becomes credentials, in the real windows: its values reach the vault and no window.

const SLOW = { timeout: 60_000 }
const OPENAI = `sk-proj-${'imported'.repeat(5)}`
const GROQ = `gsk_${'imported'.repeat(4)}`

test.describe('importing an env file', () => {
  test.describe.configure({ mode: 'serial' })
  const folder = tempFolder()
  const server = new SyncServerProcess({ dataFile: join(folder.path, 'server', 'countersign.db') })
  const profile = join(folder.path, 'ada')
  const file = join(folder.path, '.env')
  let ada: Person

  const box = () => ada.window.getByRole('dialog', { name: 'Import from an env file' })
  const choose = async (button: string, text: string): Promise<void> => {
    writeFileSync(file, text)
    // Nobody can drive the system's own dialog here: it answers at once.
    await ada.app.electron.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [path] })
    }, file)
    await box().getByRole('button', { name: button }).click()
  }

  test.beforeAll(async () => {
    mkdirSync(join(folder.path, 'server'), { mode: 0o700 })
    await server.start()
    ada = await Person.start('Ada', 'software', profile)
    await ada.createTeam(server.url, server.setupToken, 'Acme', 'two keys')
    await ada.createVault('llm')
  })
  test.afterAll(async () => {
    await ada?.close()
    await server.stop()
    folder.remove()
  })

  test('a file that is no env file is refused with what to do', async () => {
    await ada.go('Credentials')
    await ada.window.getByRole('button', { name: 'Import', exact: true }).click(SLOW)
    await choose('Choose a file', '{"OPENAI_API_KEY": "x"}')
    await expect(box().getByRole('alert')).toContainText('Line 1 is neither NAME=VALUE', SLOW)
    await expect(box().getByRole('alert')).toContainText('nothing was imported')
  })

  test('its variables are sorted into credentials, named, and added', async () => {
    await choose(
      'Choose another file',
      `OPENAI_API_KEY=${OPENAI}\nOPENAI_ORG_ID=org-abc\nGROQ_API_KEY=${GROQ}\nLOG_LEVEL=debug\nHOOK_SECRET=no\n`,
    )
    await expect(box().getByRole('checkbox')).toHaveCount(3, SLOW)
    await expect(box().getByRole('checkbox', { name: 'Import hook' })).not.toBeChecked()
    await expect(box().getByText('1 variable left out')).toBeVisible()
    await box().getByLabel('Name of GROQ_API_KEY').fill('groq-batch')
    const content = await ada.window.content()
    for (const value of [OPENAI, GROQ]) expect(content).not.toContain(value)
    await box().getByRole('button', { name: 'Import 2 credentials' }).click()
    await expect(box().getByText('2 credentials added to llm/development')).toBeVisible(SLOW)
    await expect(box().getByLabel('Instead of the values')).toHaveValue(
      [
        'OPENAI_API_KEY=cs://llm/development/openai/api_key',
        'OPENAI_ORG_ID=cs://llm/development/openai/organization',
        'GROQ_API_KEY=cs://llm/development/groq-batch/api_key',
      ].join('\n'),
    )
    await box().getByRole('button', { name: 'Close' }).last().click()
    await expect(ada.window.locator('.item-row')).toHaveCount(2, SLOW)
  })

  test('what was imported opens as what stood in the file, and lies in no file of the app or the server', async () => {
    await ada.window.locator('.item-row', { hasText: 'groq-batch' }).click()
    await ada.window.getByRole('button', { name: 'Reveal API key', exact: true }).click(SLOW)
    await expect(ada.window.getByText(GROQ)).toBeVisible(SLOW)
    for (const where of [profile, join(folder.path, 'server')])
      expect(readFilesUnder(where, (bytes) => bytes.includes(OPENAI) || bytes.includes(GROQ))).toEqual([])
  })
})
