import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SyncServerProcess } from '@countersign/tools/try-out/sync-server-process'
import { expect, test } from '@playwright/test'
import { tempFolder } from './src/temp-folder.ts'
import { inviteAndJoin } from './story/join.ts'
import { Person } from './story/person.ts'

// Two people change the same credentials while the server is away (P19). What the one who comes too late reads, and chooses.

const SLOW = { timeout: 60_000 }
const PRODUCTION = 'llm / production'

test.describe('a change made offline that came too late, in its windows', () => {
  test.describe.configure({ mode: 'serial' })
  const folder = tempFolder()
  const server = new SyncServerProcess({ dataFile: join(folder.path, 'server', 'countersign.db') })
  let ada: Person
  let abel: Person

  const rotate = (person: Person, name: string, key: string) => person.rotate(name, { 'API key': key })
  const row = (person: Person, name: string) => person.window.locator('.item-row', { hasText: name })
  /** The credential's page, from the list. */
  const open = async (person: Person, name: string): Promise<void> => {
    await person.go('Credentials')
    await person.window.getByLabel('Search credentials').fill(name)
    await row(person, name).first().click(SLOW)
  }
  const everything = async (person: Person): Promise<void> => {
    await person.go('Credentials')
    await person.window.getByLabel('Search credentials').fill('')
  }
  const reads = async (person: Person, name: string, key: string): Promise<void> => {
    await open(person, name)
    await person.window.getByRole('button', { name: 'Reveal API key', exact: true }).click(SLOW)
    await expect(person.window.getByText(key)).toBeVisible(SLOW)
  }

  test.beforeAll(async () => {
    mkdirSync(join(folder.path, 'server'), { mode: 0o700 })
    await server.start()
    ada = await Person.start('Ada', 'software', join(folder.path, 'ada'))
    await ada.createTeam(server.url, server.setupToken, 'Acme', 'two keys')
    await ada.createVault('llm')
    for (const name of ['batch', 'evals'])
      await ada.addCredential('OpenAI', PRODUCTION, name, { 'API key': `sk-proj-first-${name}` })
  })
  test.afterAll(async () => {
    await abel?.close()
    await ada?.close()
    await server.stop()
    folder.remove()
  })

  test('two people hold the same environment', async () => {
    abel = await Person.start('Abel', 'software', join(folder.path, 'abel'))
    await inviteAndJoin(ada, abel, [], [{ place: PRODUCTION, level: 'hold', approve: false }])
    await abel.go('Credentials')
    await expect(abel.window.locator('.item-row')).toHaveCount(2, SLOW)
  })

  test('P19 both change both while the server is away: each reads that it waits', async () => {
    await server.stop()
    for (const [person, whose] of [
      [ada, 'ada'],
      [abel, 'abel'],
    ] as const) {
      await expect(person.window.getByRole('button', { name: /^Offline/ })).toBeVisible(SLOW)
      for (const name of ['batch', 'evals']) await rotate(person, name, `sk-proj-${whose}-${name}`)
      await expect(person.window.getByText('2 changes wait to be sent')).toBeVisible(SLOW)
    }
  })

  test('P19 who comes too late reads which changes were not made, that only this computer has them, and what to do', async () => {
    await abel.restart(async () => {
      await server.start()
      await expect(ada.window.getByText('2 changes wait to be sent')).toBeHidden(SLOW)
    })
    await abel.unlock()
    for (const person of [ada, abel]) await everything(person)
    const list = abel.window.getByRole('region', { name: 'Changes that could not be made' })
    await expect(list.getByRole('heading')).toHaveText('2 changes you made offline could not be made', SLOW)
    await expect(list.getByText('kept on this computer only')).toBeVisible()
    for (const name of ['batch', 'evals']) {
      const change = list.getByRole('listitem').filter({ hasText: name })
      await expect(change).toContainText(`${PRODUCTION} · change`)
      await expect(change.getByRole('button', { name: 'Choose a version' })).toBeVisible()
      await expect(row(abel, name)).toContainText('choose')
      await expect(row(ada, name)).not.toContainText('choose')
    }
    await abel.screenshot(join(import.meta.dirname, 'screenshots', 'conflict-list.png'))
  })

  test('P19 keep mine: both versions stand side by side, the chosen one becomes what everybody reads', async () => {
    const { window } = abel
    const change = window.getByRole('listitem').filter({ hasText: 'batch' })
    await change.getByRole('button', { name: 'Choose a version' }).click()
    const choice = window.getByRole('region', { name: 'Choose a version' })
    await expect(choice.getByRole('heading')).toHaveText('Two people changed this at the same time', SLOW)
    const theirs = choice.getByRole('article', { name: 'current' })
    const mine = choice.getByRole('article', { name: 'yours, offline' })
    await expect(theirs).toContainText('Ada')
    await expect(theirs).toContainText('What everybody reads now.')
    await expect(mine).toContainText('Abel')
    await expect(mine).toContainText('You wrote it offline, and somebody else was faster. Only you see it.')
    await theirs.getByRole('button', { name: /^Reveal API key/ }).click()
    await expect(theirs.getByText('sk-proj-ada-batch')).toBeVisible(SLOW)
    await mine.getByRole('button', { name: /^Reveal API key/ }).click()
    await expect(mine.getByText('sk-proj-abel-batch')).toBeVisible(SLOW)
    await abel.screenshot(join(import.meta.dirname, 'screenshots', 'conflict-choice.png'))
    await mine.getByRole('button', { name: 'Use this one' }).click()
    await expect(window.getByText('What you chose is what everybody reads.')).toBeVisible(SLOW)
    await expect(choice).toBeHidden(SLOW)
    await everything(ada)
    await expect(row(ada, 'batch')).toContainText('v3', SLOW)
    await reads(ada, 'batch', 'sk-proj-abel-batch')
  })

  test('P19 keep theirs: nothing is written, the own change is gone, and nothing is left to decide', async () => {
    await open(abel, 'evals')
    const choice = abel.window.getByRole('region', { name: 'Choose a version' })
    await choice.getByRole('button', { name: 'Keep this one' }).click(SLOW)
    await expect(choice).toBeHidden(SLOW)
    await reads(abel, 'evals', 'sk-proj-ada-evals')
    await everything(abel)
    await expect(row(abel, 'evals')).toContainText('v2')
    await expect(row(abel, 'evals')).not.toContainText('choose')
    await expect(abel.window.getByRole('region', { name: 'Changes that could not be made' })).toBeHidden()
    await reads(ada, 'evals', 'sk-proj-ada-evals')
  })
})
