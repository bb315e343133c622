import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '@countersign/tools/try-out/until'
import { expect } from '@playwright/test'
import { countersign } from '../src/cli.ts'
import { readFilesUnder } from '../src/files-under.ts'
import { NAMES, type Role, type Stage } from './stage.ts'

/** One step of the product's story. `run` throws where it does not come true. */
export interface StoryStep {
  title: string
  /** Only with keys that survive a restart. */
  softwareOnly?: true
  run(stage: Stage): Promise<void>
}

const PRODUCTION = 'llm / production'
const REFERENCE = 'cs://llm/production/openai'
const PROGRAM = 'Invoice robot'
const HOUR = 3_600_000

const bearerRead = async (stage: Stage): Promise<{ status: number; value: string | null; code: string }> => {
  const { binding } = stage.props
  if (binding === null) throw new Error('no program is bound')
  const read = await (await stage.localApi()).read(REFERENCE, binding.token)
  return read.ok
    ? { status: read.status, value: read.value.value, code: '' }
    : { status: read.status, value: null, code: read.code }
}

const readsNow = (
  stage: Stage,
  what: string,
  holds: (read: Awaited<ReturnType<typeof bearerRead>>) => boolean,
) => until(async () => holds(await bearerRead(stage)), { what, timeoutMs: 30_000 })

const inviteAndJoin = async (
  stage: Stage,
  role: Role,
  roles: readonly string[],
  access: Parameters<ReturnType<Stage['person']>['invite']>[2],
): Promise<void> => {
  const admin = stage.person('admin')
  const newcomer = await stage.enter(role)
  const link = await admin.invite(NAMES[role], roles, access)
  await newcomer.join(link)
  const [here, there] = await Promise.all([newcomer.shortCode(), admin.shortCode()])
  expect(here).toMatch(/^\d{6}$/)
  expect(here).toBe(there)
  await stage.shoot(`code-${role}`, role)
  await admin.codesAreTheSame()
  await newcomer.codesAreTheSame()
  await newcomer.isIn()
  await admin.closeDialog('Done')
}

/** A program on the developer's machine asks; its request goes to the approvers over the server. */
const ask = async (stage: Stage, application: string): Promise<{ id: string; claim: string }> => {
  const api = await stage.localApi()
  const asked = await api.bind({
    application,
    vault: 'llm',
    environment: 'production',
    items: ['openai'],
    lease: { durationMs: 8 * HOUR },
    reason: 'Monthly invoices',
    tokenFor: 'any-program',
  })
  if (!asked.ok) throw new Error(`refused: ${asked.code} ${asked.detail}`)
  return asked.value
}

const outcomeOf = async (stage: Stage, { id, claim }: { id: string; claim: string }, state: string) =>
  until(
    async () => {
      const poll = await (await stage.localApi()).poll(id, claim, 2)
      if (!poll.ok) throw new Error(`polling was refused: ${poll.code} ${poll.detail}`)
      return poll.value.state === state ? poll.value : null
    },
    { what: `the poll says ${state}`, timeoutMs: 30_000 },
  )

export const STORY: readonly StoryStep[] = [
  {
    title:
      'A server starts on its embedded store; Ada creates a team: a security key and a recovery code come first',
    run: async (stage) => {
      await stage.server.start()
      const admin = await stage.enter('admin')
      await stage.shoot('welcome', 'admin')
      stage.props.recoveryCode = await admin.createTeam(
        stage.server.url,
        stage.server.setupToken,
        'Acme AI platform',
        'key and code',
      )
      await stage.shoot('first-start', 'admin')
    },
  },
  {
    title:
      'She makes a vault with development, staging and production, and adds credentials from the catalogue',
    run: async (stage) => {
      const admin = stage.person('admin')
      await admin.createVault('llm')
      await admin.addCredential('OpenAI', PRODUCTION, 'openai', { 'API key': stage.props.value })
      await admin.addCredential('Anthropic', PRODUCTION, 'anthropic', {
        'API key': 'sk-ant-api03-made-up-for-the-story',
      })
      await stage.shoot('credentials', 'admin')
    },
  },
  {
    title: 'Abel joins as second approver: both read the same six digits',
    run: (stage) =>
      inviteAndJoin(stage, 'approver', [], [{ place: PRODUCTION, level: 'hold', approve: true }]),
  },
  {
    title: 'Dana joins as developer: she may only ask for production',
    run: (stage) =>
      inviteAndJoin(
        stage,
        'developer',
        ['developer'],
        [
          { place: 'llm / development', level: 'hold', approve: false },
          { place: PRODUCTION, level: 'request', approve: false },
        ],
      ),
  },
  {
    title: 'Otto joins as auditor',
    run: (stage) => inviteAndJoin(stage, 'auditor', ['auditor'], []),
  },
  {
    title:
      'A policy nobody could satisfy is warned about; production needs two approvals by others; the set-up is closed',
    run: async (stage) => {
      const admin = stage.person('admin')
      await admin.openPolicy(PRODUCTION)
      await admin.choosePolicy(5)
      await expect(admin.window.getByText('Nobody could satisfy this')).toBeVisible()
      await expect(admin.window.getByRole('button', { name: 'Set policy' })).toBeDisabled()
      await stage.shoot('policy-warning', 'admin')
      await admin.choosePolicy(2)
      await admin.setPolicy()
      await admin.closeSetUp()
      await stage.shoot('policies', 'admin')
    },
  },
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
  {
    title: 'Ada rotates the key: the program hears of it and reads the new value',
    run: async (stage) => {
      const { props } = stage
      const listening = await stage.localApi()
      if (props.binding === null) throw new Error('no program is bound')
      const events = await listening.events(props.binding.token)
      props.pastValues.push(props.value)
      props.value = `sk-proj-canary${crypto.randomUUID().replaceAll('-', '')}`
      await stage.person('admin').rotate('openai', { 'API key': props.value })
      const rotated = await until(() => events.heard.find((event) => event.type === 'rotated') ?? null, {
        what: 'the program hears of the rotation',
      })
      events.close()
      expect(rotated).toMatchObject({ reference: REFERENCE, version: 2 })
      await readsNow(stage, 'the program reads the new value', (read) => read.value === props.value)
    },
  },
  {
    title: 'Dana locks: programs get 423 from a core without keys; she unlocks and they read on',
    run: async (stage) => {
      const developer = stage.person('developer')
      await developer.lock()
      await readsNow(stage, 'a locked vault answers 423', (read) => read.status === 423)
      await stage.shoot('locked', 'developer')
      await developer.unlock()
      await readsNow(stage, 'the program reads again', (read) => read.value === stage.props.value)
    },
  },
  {
    title: 'Suspend and the screen lock do the same',
    run: async (stage) => {
      const developer = stage.person('developer')
      for (const event of ['suspend', 'lock-screen']) {
        await developer.app.electron.evaluate(({ powerMonitor }, event) => {
          powerMonitor.emit(event)
        }, event)
        await developer.isLocked()
        await readsNow(stage, `423 after ${event}`, (read) => read.status === 423)
        await developer.unlock()
      }
      await readsNow(stage, 'the program reads again', (read) => read.value === stage.props.value)
    },
  },
  {
    title:
      'The server is down: Dana unlocks and her program reads on; an offline change of Ada waits and lands later',
    run: async (stage) => {
      const { props } = stage
      await stage.server.stop()
      const developer = stage.person('developer')
      await developer.lock()
      await developer.unlock()
      await readsNow(stage, 'reading without the server', (read) => read.value === props.value)
      await stage.shoot('offline', 'developer')
      const admin = stage.person('admin')
      await admin.rotate('anthropic', { 'API key': 'sk-ant-api03-made-up-while-offline' })
      await expect(admin.window.getByText('1 change waits to be sent')).toBeVisible({ timeout: 20_000 })
      await stage.server.start()
      await expect(admin.window.getByText('1 change waits to be sent')).toBeHidden({ timeout: 60_000 })
      const approver = stage.person('approver')
      await approver.go('Credentials')
      await expect(approver.window.locator('.item-row', { hasText: 'anthropic' })).toContainText('v2', {
        timeout: 60_000,
      })
      await until(
        async () => {
          const health = await (await stage.localApi()).health()
          return health.ok && health.value.server.connection === 'live'
        },
        { what: 'the server is reached again', timeoutMs: 60_000 },
      )
    },
  },
  {
    title: 'Everything is restarted: state is there, each unlocks with a key again',
    softwareOnly: true,
    run: async (stage) => {
      await stage.server.stop()
      await stage.server.start()
      for (const person of stage.everybody()) {
        await person.restart()
        await person.isLocked()
        await person.unlock()
      }
      await readsNow(stage, 'the binding survived the restart', (read) => read.value === stage.props.value)
    },
  },
  {
    title: 'Ada lost her key: the recovery code opens her vault',
    run: async (stage) => {
      const admin = stage.person('admin')
      await admin.lock()
      await admin.unlockWithCode(stage.props.recoveryCode ?? '')
    },
  },
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
      await auditor.go('Credentials')
      await expect(auditor.window.locator('.item-row')).toHaveCount(0)
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
    title: 'The key stands in no file, log or window where it was not revealed',
    run: async (stage) => {
      for (const value of [stage.props.value, ...stage.props.pastValues]) {
        const found = readFilesUnder(stage.folder, (bytes) => bytes.includes(value))
        expect(found, 'files that hold the value').toEqual([])
        for (const person of stage.everybody()) {
          expect(person.app.output.join('')).not.toContain(value)
          expect(await person.window.content()).not.toContain(value)
        }
      }
    },
  },
]
