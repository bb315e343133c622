import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { countersign } from '../src/cli.ts'
import { readFilesUnder } from '../src/files-under.ts'
import { PRODUCTION, PROGRAM, readsNow } from './program.ts'
import { NAMES } from './stage.ts'
import type { StoryStep } from './step.ts'

/** What the auditor reads of the story: what was done, and to whom or what. */
const EVERY_STEP: readonly [action: string, target: string][] = [
  ['founded the team', ''],
  ['created an environment', PRODUCTION],
  ['added a credential', `openai in ${PRODUCTION}`],
  ['added a credential', 'anthropic'],
  ['added a member', NAMES.approver],
  ['added a member', NAMES.developer],
  ['added a member', NAMES.auditor],
  ['set a policy', PRODUCTION],
  ['closed the set-up', ''],
  ['asked', PROGRAM],
  ['approved with a touch', PROGRAM],
  ['released the keys', PROGRAM],
  ['read a credential', `openai · ${PRODUCTION}`],
  ['denied', PRODUCTION],
  ['withdrew a request', PRODUCTION],
  ['wrote a new version', `openai in ${PRODUCTION}`],
  ['locked', ''],
  ['unlocked', ''],
  ['revoked a binding', PROGRAM],
  ['removed a member', NAMES.developer],
]

/** What stands in fields is no part of a page's text. */
const typedIn = (page: Page): Promise<string> =>
  page.evaluate(() =>
    [...document.querySelectorAll('input, textarea')].map((each) => Reflect.get(each, 'value')).join('\n'),
  )

/** What is taken back, and what the log shows of it all. */
export const ending: readonly StoryStep[] = [
  {
    title: 'Ada revokes the binding: the next read is refused',
    run: async (stage) => {
      await stage.person('admin').revoke(PROGRAM)
      await readsNow(stage, 'the read is refused', (read) => read.value === null && read.status !== 423)
      await stage.shoot('apps', 'admin')
    },
  },
  {
    title: 'Ada removes Dana: keys are replaced at once, and the provider key she really read is listed',
    run: async (stage) => {
      const text = await stage.person('admin').removeMember(NAMES.developer)
      expect(text).toContain('openai')
      expect(text).not.toContain('anthropic')
      await stage.shoot('members', 'admin')
    },
  },
  {
    title: 'Otto opens the log: every step is there, verified, and he can open no value',
    run: async (stage) => {
      const auditor = stage.person('auditor')
      await auditor.go('Audit')
      await expect(auditor.window.getByText(/^verified, \d+ streams$/)).toBeVisible({ timeout: 30_000 })
      const rows = auditor.window.locator('tbody tr')
      await expect.poll(() => rows.count(), { timeout: 20_000 }).toBeGreaterThan(15)
      await stage.shoot('audit', 'auditor')
      for (const [action, target] of EVERY_STEP) {
        const row = rows.filter({ hasText: action }).filter({ hasText: target })
        await auditor.window.getByLabel('Filter the audit').fill(action)
        await expect(row.first(), `${action}: ${target}`).toBeVisible({ timeout: 20_000 })
      }
      await auditor.window.getByLabel('Filter the audit').fill('')
      await auditor.go('Credentials')
      const credentials = auditor.window.locator('.item-row')
      await expect(credentials.first()).toBeVisible()
      await credentials.first().click()
      await expect(auditor.window.getByRole('button', { name: /^Reveal/ }).first()).toBeDisabled()
    },
  },
  {
    title:
      'Otto exports the log to one file; a program that knows nothing of this team verifies every touch in it',
    run: async (stage) => {
      const auditor = stage.person('auditor')
      const path = join(stage.folder, 'audit.csaudit')
      // Nobody can drive the system's own dialog here: it answers at once.
      await auditor.app.electron.evaluate(({ dialog }, filePath) => {
        dialog.showSaveDialog = async () => ({ canceled: false, filePath })
      }, path)
      await auditor.go('Audit')
      await auditor.window.getByRole('button', { name: 'Export' }).click()
      const box = auditor.window.getByRole('dialog', { name: 'Export the audit' })
      await box.getByLabel(/^Open the records/).check()
      await box.getByRole('button', { name: 'Choose a file' }).click()
      await expect(box.getByText(/^Saved/)).toBeVisible({ timeout: 60_000 })
      await stage.shoot('audit-export', 'auditor')
      await box.getByRole('button', { name: 'Close' }).last().click()
      const { code, stdout } = await countersign(['audit', 'verify', path], '', stage.folder)
      expect(stdout).toContain('VERIFIED')
      expect(stdout).toMatch(/touches by .+, .+/)
      expect(code).toBe(0)
    },
  },
  {
    title:
      'The key stands in no file, log or window where it was not revealed, nor do the program’s token and claim',
    run: async (stage) => {
      const { value, pastValues, binding } = stage.props
      if (binding === null) throw new Error('no program was bound')
      const log = stage.server.output.join('')
      // It is kept: the server says at least that the team was created, and that it stopped.
      expect(log).toContain('team created')
      for (const secret of [value, ...pastValues, binding.token, binding.claim]) {
        const found = readFilesUnder(stage.folder, (bytes) => bytes.includes(secret))
        expect(found, 'files that hold it').toEqual([])
        expect(log).not.toContain(secret)
        for (const person of stage.everybody()) {
          expect(person.app.output.join('')).not.toContain(secret)
          for (const page of person.app.electron.windows()) {
            expect(await page.content()).not.toContain(secret)
            expect(await typedIn(page)).not.toContain(secret)
          }
        }
      }
    },
  },
]
