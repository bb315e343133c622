import { createHash, randomBytes } from 'node:crypto'
import { isAlive, searchMemory } from '@countersign/tools/traces/process-memory'
import { spellingsOf } from '@countersign/tools/traces/spellings'
import { expect, test } from '@playwright/test'
import { readFilesUnder } from './src/files-under.ts'
import { tempFolder } from './src/temp-folder.ts'
import { type Holding, startHolding } from './story/holding.ts'
import type { Person } from './story/person.ts'

// What is left of a revealed value in the processes of the real app after a lock. The value is made by another installation, and
// nothing of it goes through the debugger this test drives the app with: that would put it into main itself.

const VALUE = `sk-proj-${randomBytes(24).toString('base64url')}`
const DIGEST = createHash('sha256').update(VALUE).digest('hex')
const folder = tempFolder()
let holding: Holding
let dana: Person

test.beforeAll(async () => {
  holding = await startHolding(folder.path, { value: VALUE, roles: ['developer'] })
  dana = holding.dana
})
test.afterAll(async () => {
  await holding?.close()
  folder.remove()
})

/** Every process of the app, by its kind: main, core, app window and so on. */
const processes = async (): Promise<{ pid: number; kind: string }[]> =>
  dana.app.electron.evaluate(({ app, BrowserWindow }) => {
    const windows = new Map(
      BrowserWindow.getAllWindows().map(({ webContents }) => [
        webContents.getOSProcessId(),
        webContents.getURL().startsWith('https://app.') ? 'app window' : 'other window',
      ]),
    )
    return app.getAppMetrics().map(({ pid, type, name }) => ({
      pid,
      kind: type === 'Browser' ? 'main' : (windows.get(pid) ?? name ?? type),
    }))
  })

/** The kinds of those processes that hold anything of the value. */
const holders = async (value = VALUE): Promise<string[]> => {
  const kinds: string[] = []
  for (const { pid, kind } of await processes()) {
    const { found, searchedBytes } = searchMemory(pid, spellingsOf('value', value))
    expect(searchedBytes, kind).toBeGreaterThan(1_000_000)
    if (found.length > 0) kinds.push(kind)
  }
  return kinds.sort()
}

const openCredential = async (): Promise<void> => {
  await dana.go('Credentials')
  await dana.window.locator('.item-row', { hasText: 'openai' }).first().click()
}

const reveal = async (): Promise<void> => {
  const { window } = dana
  await openCredential()
  await window.getByRole('button', { name: 'Reveal API key' }).click()
  const shown = window.locator('.value:not(.masked)')
  await expect(shown).toHaveCount(1, { timeout: 30_000 })
  // Not through a locator: Playwright describes every element that it hands out, with its text.
  const digest = await window.evaluate(async () => {
    const element = document.querySelector('.value:not(.masked)')
    const bytes = new TextEncoder().encode(element?.textContent ?? '')
    return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
      .map((each) => each.toString(16).padStart(2, '0'))
      .join('')
  })
  expect(digest).toBe(DIGEST)
}

test('T41 a revealed value is in the core and in the app window only, and after a lock nowhere', async () => {
  await reveal()
  const before = await processes()
  expect(await holders()).toEqual(['Countersign core', 'app window'])
  await dana.lock()
  for (const { pid, kind } of before)
    if (kind === 'Countersign core' || kind === 'app window') expect(isAlive(pid), kind).toBe(false)
  expect(await holders()).toEqual([])
  await dana.unlock()
  await reveal()
})

/** Key by key, as a person types: the debugger is told of one key at a time, and of the value never. */
const typeIn = async (label: string, text: string): Promise<void> => {
  await dana.window.getByLabel(label, { exact: true }).focus()
  for (const key of text) await dana.window.keyboard.press(key)
}

test('T41 a typed value is in the core and in the app window only, and after a lock nowhere', async () => {
  const typed = `sk-proj-${randomBytes(24).toString('hex')}`
  const { window } = dana
  await dana.go('Credentials')
  await window.getByRole('button', { name: 'Add credential' }).first().click()
  await typeIn('Name', '-typed')
  await typeIn('API key', typed)
  // No locator while the value is in the page: Playwright describes elements, fields with what is in them.
  await window.keyboard.press('Enter')
  await window.waitForFunction(() => document.querySelector('h1')?.textContent === 'openai-typed')
  const kinds = await holders(typed)
  expect(kinds).not.toContain('main')
  expect(kinds).toContain('app window')
  await dana.lock()
  expect(await holders(typed)).toEqual([])
  await dana.unlock()
  await openCredential()
})

const copy = async (): Promise<void> => {
  await dana.window.getByRole('button', { name: 'Copy API key' }).click()
  await expect.poll(clipboardDigest, { timeout: 30_000 }).toBe(DIGEST)
}
const clipboardDigest = async (): Promise<string> => {
  const text = await dana.app.electron.evaluate(({ clipboard }) => clipboard.readText())
  return text === '' ? 'empty' : createHash('sha256').update(text).digest('hex')
}

test('T42 a copied value is taken from the clipboard after its time, and by a lock', async () => {
  await dana.window.evaluate(() =>
    window.countersign.call('settings.set', {
      idleLockMs: 600_000,
      clipboardClearMs: 5_000,
      theme: 'system',
    }),
  )
  await copy()
  await expect.poll(clipboardDigest, { timeout: 30_000 }).toBe('empty')
  await dana.window.evaluate(() =>
    window.countersign.call('settings.set', {
      idleLockMs: 600_000,
      clipboardClearMs: 300_000,
      theme: 'system',
    }),
  )
  await copy()
  await dana.lock()
  await expect.poll(clipboardDigest).toBe('empty')
})

test('T42 what somebody else put on the clipboard stays there', async () => {
  await dana.unlock()
  await openCredential()
  await copy()
  await dana.app.electron.evaluate(({ clipboard }) => clipboard.writeText('a shopping list'))
  await dana.lock()
  expect(await dana.app.electron.evaluate(({ clipboard }) => clipboard.readText())).toBe('a shopping list')
})

test('T43 nobody collects crashes: the reporter is off and no dump is there', async () => {
  const { dumps, uploads } = await dana.app.electron.evaluate(({ app, crashReporter }) => ({
    dumps: app.getPath('crashDumps'),
    uploads: crashReporter.getUploadToServer(),
  }))
  expect(uploads).toBe(false)
  expect(readFilesUnder(dana.profileDir, (bytes) => bytes.includes('MDMP'))).toEqual([])
  expect(dumps.startsWith(dana.profileDir)).toBe(true)
})
