import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, type Page } from '@playwright/test'
import { countersign } from '../src/cli.ts'
import { ask, outcomeOf, PROGRAM, REFERENCE, readsNow } from './program.ts'
import { NAMES, type Stage } from './stage.ts'
import type { StoryStep } from './step.ts'

/** Every part of the request, as the program asked it: what is signed is what was asked, and nothing of it is left out. */
const readsWhatWasAsked = async (stage: Stage, signing: Page): Promise<void> => {
  const says = async (term: string): Promise<string> => {
    const fact = signing
      .locator('dt', { hasText: new RegExp(`^${term}$`) })
      .locator('xpath=following-sibling::dd[1]')
    return ((await fact.textContent()) ?? '').trim()
  }
  expect((await says('Code on their screen')).replace(/\D/g, '')).toBe(stage.props.binding?.code)
  expect(await says('Credentials')).toContain('openai')
  expect(await says('In')).toBe('llm / production')
  expect(await says('May')).toBe('read the value')
  expect(await says('How long')).toMatch(/8 hours/)
  expect(await says('Asked by')).toContain(`${NAMES.developer}, on `)
  expect(await says('Policy')).toMatch(/two of its approvers/)
  await expect(signing.getByText(PROGRAM).first()).toBeVisible()
  // Any program may use the token: that is how it was asked, so it is said.
  expect(await says('Token works for')).toBe('any program of that user')
}

/** Programs ask for a key: approved by touches, denied, withdrawn, from the command line. */
export const binding: readonly StoryStep[] = [
  {
    title:
      "A program on Dana's machine asks for the production key; Abel, locked, sees only that something waits",
    run: async (stage) => {
      const approver = stage.person('approver')
      await approver.lock()
      const asked = await ask(stage, PROGRAM)
      stage.props.binding = { ...asked, token: '' }
      await expect(approver.window.getByText('A request waits for you')).toBeVisible({ timeout: 20_000 })
      await expect(approver.window.getByText(PROGRAM)).toHaveCount(0)
      await stage.shoot('locked-request', 'approver')
      await approver.unlock()
    },
  },
  {
    title: 'Ada and Abel each read what they sign and approve with a touch',
    run: async (stage) => {
      for (const role of ['admin', 'approver'] as const) {
        const person = stage.person(role)
        const signing = await person.review(PROGRAM)
        await expect(signing.getByText('Monthly invoices')).toBeVisible({ timeout: 20_000 })
        await readsWhatWasAsked(stage, signing)
        // Software keys are marked wherever they appear, and only they.
        await expect(signing.getByText('this signature is made by software')).toHaveCount(
          stage.keys === 'software' ? 1 : 0,
        )
        await stage.shoot(`signing-${role}`, role, signing)
        await person.sign(signing)
      }
    },
  },
  {
    title: "A holder's app releases the key to Dana's device; the program gets its token and reads",
    run: async (stage) => {
      const { binding, value } = stage.props
      if (binding === null) throw new Error('nothing was asked')
      const granted = await outcomeOf(stage, binding, 'granted')
      stage.props.binding = { ...binding, token: granted.token ?? '' }
      await readsNow(stage, 'the program reads the value', (read) => read.value === value)
    },
  },
  {
    title: 'Another request is denied: the program is told by whom and why it need not wait',
    run: async (stage) => {
      const asked = await ask(stage, 'Curious script')
      const approver = stage.person('approver')
      await approver.openRequest('Curious script')
      await approver.window.getByRole('button', { name: 'Deny', exact: true }).click()
      const dialog = approver.window.getByRole('dialog')
      await dialog.getByLabel('Reason (optional)').fill('Use development instead')
      await dialog.getByRole('button', { name: 'Deny' }).click()
      const denied = await outcomeOf(stage, asked, 'denied')
      expect(denied.by).toContainEqual(
        expect.objectContaining({
          decision: 'denied',
          by: NAMES.approver,
          reason: 'Use development instead',
        }),
      )
      await stage.shoot('requests', 'approver')
    },
  },
  {
    title: 'Dana withdraws another one: the program is told that nobody will decide',
    run: async (stage) => {
      const asked = await ask(stage, 'Second thoughts')
      const developer = stage.person('developer')
      await developer.openRequest('Second thoughts')
      await developer.window.getByRole('button', { name: 'Withdraw the request' }).click()
      await outcomeOf(stage, asked, 'cancelled')
    },
  },
  {
    title: 'Dana binds with `countersign bind`; Ada allows an hour instead of eight; `read` and `run` use it',
    run: async (stage) => {
      const { url } = await stage.localApi()
      const config = join(stage.folder, 'dana-config')
      mkdirSync(config, { mode: 0o700 })
      const run = (...args: string[]) => countersign(args, url, config)
      const binding = run(
        'bind',
        REFERENCE,
        '--app',
        'Nightly job',
        '--reason',
        'Reports',
        '--any-program',
        '--wait',
      )
      const admin = stage.person('admin')
      const narrowing = await admin.review('Nightly job')
      await narrowing.getByText('Allow less than was asked').click()
      await narrowing.getByLabel('How long').selectOption({ label: '1 hour' })
      await admin.sign(narrowing)
      const approver = stage.person('approver')
      await approver.sign(await approver.review('Nightly job'))
      expect(await binding).toMatchObject({ code: 0 })
      await expect(approver.window.getByText('narrowed')).toBeVisible({ timeout: 20_000 })

      const read = await run('read', REFERENCE)
      expect(read).toMatchObject({ code: 0, stdout: expect.stringContaining(stage.props.value) })
      const digest =
        'process.stdout.write(crypto.createHash("sha256").update(process.env.OPENAI_API_KEY).digest("hex"))'
      const ran = await run(
        'run',
        '--set',
        `OPENAI_API_KEY=${REFERENCE}`,
        '--',
        process.execPath,
        '-e',
        digest,
      )
      expect(ran.stdout).toBe(createHash('sha256').update(stage.props.value).digest('hex'))
    },
  },
]
