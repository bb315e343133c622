import { expect } from '@playwright/test'
import type { Page } from 'playwright'
import { DesktopApp, type DesktopOptions } from '../src/desktop-app.ts'
import { VirtualKey } from '../src/virtual-key.ts'

/** `software`: keys inside the core, they survive a restart. `virtual`: Chromium's, touched in the ceremony window. */
export type KeyKind = 'software' | 'virtual'
export type PageName = 'Credentials' | 'Requests' | 'Programs' | 'Members' | 'Policies' | 'Audit' | 'Settings'

export interface AccessChoice {
  /** As the app shows it: `vault / environment`. */
  place: string
  level: 'none' | 'view' | 'request' | 'hold'
  approve: boolean
}

// The substitute machines are slow and shared; nothing here asserts a time.
const SLOW = { timeout: 30_000 }

/** One person at their own installation: what they click and read in real windows. */
export class Person {
  readonly name: string
  readonly keys: KeyKind
  readonly #options: DesktopOptions
  #app: DesktopApp
  #virtual: VirtualKey[] = []

  private constructor(name: string, keys: KeyKind, options: DesktopOptions, app: DesktopApp) {
    this.name = name
    this.keys = keys
    this.#options = options
    this.#app = app
  }

  static async start(
    name: string,
    keys: KeyKind,
    profileDir: string,
    switches: string[] = [],
  ): Promise<Person> {
    const options = { profileDir, tryOut: keys === 'software', switches }
    const person = new Person(name, keys, options, await DesktopApp.start(options))
    await person.#plugIn()
    return person
  }

  get app(): DesktopApp {
    return this.#app
  }

  get window(): Page {
    return this.#app.window
  }

  get profileDir(): string {
    return this.#options.profileDir
  }

  /** Quits the app and starts it again on the same profile. Software keys are still there, virtual ones are not. `between`: while it does not run. */
  async restart(between: () => Promise<void> = async () => {}): Promise<void> {
    await this.#app.close()
    await between()
    this.#app = await DesktopApp.start(this.#options)
    await this.#plugIn()
  }

  async #plugIn(): Promise<void> {
    this.#virtual = []
    if (this.keys !== 'virtual') return
    const { ceremony } = this.#app
    for (let count = 0; count < 2; count++) {
      const cdp = await ceremony.context().newCDPSession(ceremony)
      this.#virtual.push(await VirtualKey.plugIn(cdp, { prf: 'prf' }))
    }
  }

  /** Only this one of the plugged-in keys gets touched. */
  async #touchOnly(index: number): Promise<void> {
    for (const [each, key] of this.#virtual.entries()) await key.touch(each === index)
  }

  async go(page: PageName): Promise<void> {
    const button = this.window.getByRole('navigation', { name: 'Main' }).getByRole('button', { name: page })
    await button.click(SLOW)
    await expect(this.window.getByRole('region', { name: page })).toBeVisible(SLOW)
  }

  /** Two ways in before anything secret is accepted. Returns the recovery code where one was made. */
  async enrol(how: 'two keys' | 'key and code'): Promise<string | null> {
    const { window } = this
    await this.#touchOnly(0)
    await window.getByLabel('Name of your security key').fill(`${this.name}'s first key`)
    await window.getByRole('button', { name: 'Enrol security key' }).click()
    await expect(window.getByText('One more way in is needed.')).toBeVisible(SLOW)
    const code = how === 'key and code' ? await this.#recoveryCode() : null
    if (how === 'two keys') {
      await this.#touchOnly(1)
      await window.getByLabel('Name of your next security key').fill(`${this.name}'s spare key`)
      await window.getByRole('button', { name: 'Enrol security key' }).click()
    }
    await window.getByRole('button', { name: 'Continue' }).click(SLOW)
    return code
  }

  /** Writes the code down, and types the groups asked for back: first wrongly, which is noticed. */
  async #recoveryCode(): Promise<string> {
    const { window } = this
    await window.getByRole('button', { name: 'Make a recovery code' }).click()
    await expect(window.getByTestId('recovery-code')).toBeVisible(SLOW)
    const groups = await window
      .getByTestId('recovery-code')
      .locator('li')
      .evaluateAll((items) => items.map((item) => item.lastChild?.textContent?.trim() ?? ''))
    await window.getByRole('button', { name: 'I have written it down' }).click()
    const fields = window.getByLabel(/^Group \d+$/)
    for (const field of await fields.all()) await field.fill('0000')
    await window.getByRole('button', { name: 'Check' }).click()
    await expect(window.getByText('That is not what was shown')).toBeVisible(SLOW)
    for (const [index, group] of groups.entries()) {
      const field = window.getByLabel(`Group ${index + 1}`, { exact: true })
      if ((await field.count()) === 1) await field.fill(group)
    }
    await window.getByRole('button', { name: 'Check' }).click()
    await expect(window.getByText('checked')).toBeVisible(SLOW)
    return groups.join('-')
  }

  async createTeam(
    server: string,
    setupToken: string,
    team: string,
    how: 'two keys' | 'key and code',
  ): Promise<string | null> {
    const { window } = this
    await window.getByRole('button', { name: /^Create a team/ }).click(SLOW)
    const code = await this.enrol(how)
    await window.getByLabel('Sync server').fill(server)
    await window.getByLabel('Set-up token').fill(setupToken)
    await window.getByLabel('Team name').fill(team)
    await window.getByLabel('Your name').fill(this.name)
    await window.getByLabel('Name of this computer').fill(`${this.name}'s laptop`)
    await window.getByRole('button', { name: 'Create team' }).click()
    await this.isIn()
    return code
  }

  async isIn(): Promise<void> {
    await expect(this.window.getByRole('navigation', { name: 'Main' })).toBeVisible(SLOW)
  }

  async createVault(name: string): Promise<void> {
    const { window } = this
    await this.go('Credentials')
    await window.getByRole('button', { name: 'New vault' }).click()
    const dialog = window.getByRole('dialog')
    await dialog.getByLabel('Name').fill(name)
    await dialog.getByRole('button', { name: 'Create vault' }).click()
    await expect(dialog).toBeHidden(SLOW)
    await expect(window.getByRole('button', { name: `${name} / production` })).toBeVisible(SLOW)
  }

  /** `fields`: by their labels. */
  async addCredential(
    provider: string,
    place: string,
    name: string,
    fields: Record<string, string>,
  ): Promise<void> {
    const { window } = this
    await this.go('Credentials')
    await window.getByRole('button', { name: 'Add credential' }).click()
    const dialog = window.getByRole('dialog')
    await dialog.getByLabel('Provider').selectOption({ label: provider })
    await dialog.getByLabel('Where').selectOption({ label: place })
    await dialog.getByLabel('Name', { exact: true }).fill(name)
    for (const [label, value] of Object.entries(fields))
      await dialog.getByLabel(label, { exact: true }).fill(value)
    await dialog.getByRole('button', { name: 'Add credential' }).click()
    await expect(dialog).toBeHidden(SLOW)
  }

  /** Makes an invite and leaves its dialog open, to follow the exchange. Returns the link. */
  async invite(name: string, roles: readonly string[], access: readonly AccessChoice[]): Promise<string> {
    const { window } = this
    await this.go('Members')
    await window.getByRole('button', { name: 'Invite', exact: true }).click()
    const dialog = window.getByRole('dialog')
    await dialog.getByLabel('Name', { exact: true }).fill(name)
    for (const role of ['admin', 'developer', 'auditor'])
      await dialog.getByLabel(role).setChecked(roles.includes(role))
    for (const { place, level, approve } of access) {
      const select = dialog.getByLabel(`Level in ${place}`)
      await select.selectOption(level)
      await select.locator('xpath=following-sibling::label[1]//input').setChecked(approve)
    }
    await dialog.getByRole('button', { name: 'Make invite link' }).click()
    return (await dialog.getByTestId('invite-link').textContent(SLOW)) ?? ''
  }

  async join(link: string): Promise<void> {
    const { window } = this
    await window.getByRole('button', { name: /^Join a team/ }).click(SLOW)
    await window.getByLabel('Invite link').fill(link)
    await window.getByRole('button', { name: 'Continue' }).click()
    await this.enrol('two keys')
    await window.getByLabel('Your name').fill(this.name)
    await window.getByLabel('Name of this computer').fill(`${this.name}'s laptop`)
    await window.getByRole('button', { name: 'Continue' }).click()
  }

  /** The six digits to read aloud, on either side. */
  async shortCode(): Promise<string> {
    return ((await this.window.getByTestId('short-code').textContent(SLOW)) ?? '').replaceAll(/\s/g, '')
  }

  async codesAreTheSame(): Promise<void> {
    await this.window.getByRole('button', { name: 'The codes are the same' }).click(SLOW)
  }

  async closeDialog(name: string): Promise<void> {
    const dialog = this.window.getByRole('dialog')
    await dialog.getByRole('button', { name }).click(SLOW)
    await expect(dialog).toBeHidden(SLOW)
  }

  async openPolicy(place: string): Promise<void> {
    await this.go('Policies')
    await this.window
      .getByRole('article', { name: place })
      .getByRole('button', { name: 'Change…' })
      .click(SLOW)
  }

  async choosePolicy(approvers: number): Promise<void> {
    const dialog = this.window.getByRole('dialog')
    await dialog.getByLabel('Who must approve a program').selectOption('approvers')
    await dialog.getByLabel('How many approvers').fill(String(approvers))
  }

  async setPolicy(): Promise<void> {
    const dialog = this.window.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Set policy' }).click(SLOW)
    await expect(dialog).toBeHidden(SLOW)
  }

  async closeSetUp(): Promise<void> {
    await this.go('Policies')
    const close = this.window.getByRole('button', { name: 'Close the set-up' })
    await close.click()
    await expect(close).toBeHidden(SLOW)
  }

  async openRequest(application: string): Promise<void> {
    await this.go('Requests')
    await this.window
      .getByRole('button', { name: new RegExp(application) })
      .first()
      .click(SLOW)
  }

  /** Opens the signing window of the request and reads it; `sign` then touches the key. */
  async review(application: string): Promise<Page> {
    await this.openRequest(application)
    const opened = this.#app.signingWindow()
    await this.window.getByRole('button', { name: 'Review and sign…' }).click(SLOW)
    return opened
  }

  async sign(signing: Page): Promise<void> {
    await this.#touchOnly(0)
    await signing.getByRole('button', { name: 'Approve with a touch' }).click(SLOW)
    await expect(signing.getByText('Signed and sent')).toBeVisible(SLOW)
    await signing.close()
  }

  async lock(): Promise<void> {
    await this.window.getByRole('button', { name: /^Lock/ }).click()
    await this.isLocked()
  }

  async isLocked(): Promise<void> {
    await expect(this.window.getByRole('heading', { name: /is locked$/ })).toBeVisible(SLOW)
  }

  async unlock(): Promise<void> {
    await this.#touchOnly(0)
    await this.window.getByRole('button', { name: 'Unlock with a security key' }).click(SLOW)
    await this.isIn()
  }

  async unlockWithCode(code: string): Promise<void> {
    const { window } = this
    await window.getByRole('button', { name: /Use the recovery code$/ }).click(SLOW)
    await window.getByLabel('Recovery code').fill(code)
    await window.getByRole('button', { name: 'Unlock with the code' }).click()
    await this.isIn()
  }

  async rotate(name: string, fields: Record<string, string>): Promise<void> {
    const { window } = this
    await this.go('Credentials')
    await window.getByLabel('Search credentials').fill(name)
    await window.locator('.item-row', { hasText: name }).first().click(SLOW)
    await window.getByRole('button', { name: 'Rotate' }).click(SLOW)
    const dialog = window.getByRole('dialog')
    for (const [label, value] of Object.entries(fields))
      await dialog.getByLabel(label, { exact: true }).fill(value)
    await dialog.getByRole('button', { name: 'Save new version' }).click()
    await expect(dialog).toBeHidden(SLOW)
  }

  async revoke(application: string): Promise<void> {
    await this.go('Programs')
    await this.window
      .getByRole('row', { name: new RegExp(application) })
      .getByRole('button', { name: 'Revoke' })
      .click(SLOW)
    const dialog = this.window.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Revoke' }).click()
    await expect(dialog).toBeHidden(SLOW)
  }

  /** Returns what the worklist says: the provider keys they really read. */
  async removeMember(name: string): Promise<string> {
    await this.go('Members')
    await this.window.getByRole('article', { name }).getByRole('button', { name: 'Remove…' }).click(SLOW)
    const dialog = this.window.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Remove and re-key' }).click()
    await expect(dialog.getByText('Every key they had is replaced')).toBeVisible(SLOW)
    const text = (await dialog.textContent()) ?? ''
    await this.closeDialog('Done')
    return text
  }

  screenshot(path: string, page: Page = this.window): Promise<Buffer> {
    return page.screenshot({ path })
  }

  close(): Promise<void> {
    return this.#app.close()
  }
}
