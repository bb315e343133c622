import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LocalApiClient } from '@countersign/tools/try-out/local-api-client'
import { expect, test } from '@playwright/test'
import { tempFolder } from './src/temp-folder.ts'
import { type Holding, startHolding } from './story/holding.ts'
import type { Person } from './story/person.ts'

// What becomes of a value that a person looks at, in the real windows: on record, kept out of screenshots, hidden after its time, and
// gone when nobody sits there any more.

const SLOW = { timeout: 30_000 }
const PRODUCTION = 'llm / production'
const VALUE = 'sk-proj-made-up-to-be-looked-at'
const HIDES_AFTER_MS = 20_000

test.describe('a value that is looked at', () => {
  test.describe.configure({ mode: 'serial' })
  const folder = tempFolder()
  let holding: Holding
  let dana: Person

  test.beforeAll(async () => {
    const spy = join(folder.path, 'protected.cjs')
    // Not every Electron says afterwards whether a window is protected, and on Linux it is by name only.
    writeFileSync(
      spy,
      `const { BrowserWindow } = require('electron')
       const { setContentProtection } = BrowserWindow.prototype
       BrowserWindow.prototype.setContentProtection = function (on) {
         this.askedToProtect = on
         return setContentProtection.call(this, on)
       }`,
    )
    holding = await startHolding(folder.path, {
      value: VALUE,
      roles: ['developer', 'auditor'],
      switches: ['-r', spy],
    })
    dana = holding.dana
  })
  test.afterAll(async () => {
    await holding?.close()
    folder.remove()
  })

  const open = async (): Promise<void> => {
    await dana.go('Credentials')
    await dana.window.locator('.item-row', { hasText: 'openai' }).first().click(SLOW)
  }
  /** What the audit screen says of values that were looked at: where, and how. */
  const onRecord = (): Promise<string[]> =>
    dana.window
      .locator('tbody tr')
      .filter({ hasText: 'revealed a value' })
      .filter({ hasText: `openai · ${PRODUCTION}` })
      .evaluateAll((rows) =>
        rows.map((row) => /(shown|copied): api_key/.exec(row.textContent ?? '')?.[0] ?? 'nothing'),
      )
  const lookUp = async (): Promise<void> => {
    await dana.go('Audit')
    await dana.window.getByLabel('Filter the audit').fill('revealed a value')
  }
  /** Looks again until it says so: the screen shows what there was when it was opened. */
  const isOnRecord = (what: readonly string[]): Promise<void> =>
    expect(async () => {
      await dana.go('Credentials')
      await lookUp()
      await expect.poll(onRecord, { timeout: 3_000 }).toEqual(what)
    }).toPass(SLOW)

  test('the audit’s filter hides what does not match', async () => {
    await dana.go('Audit')
    await expect.poll(() => dana.window.locator('tbody tr').count(), SLOW).toBeGreaterThan(3)
    await dana.window.getByLabel('Filter the audit').fill('founded the team')
    await expect(dana.window.locator('tbody tr')).toHaveCount(1, SLOW)
    await dana.window.getByLabel('Filter the audit').fill('revealed a value')
    await expect(dana.window.getByText('Nothing matches')).toBeVisible(SLOW)
  })

  test('T7 a reveal and a copy are each on record, by name and by how', async () => {
    await open()
    await dana.window.getByRole('button', { name: 'Reveal API key' }).click(SLOW)
    await expect(dana.window.locator('.value:not(.masked)')).toHaveText(VALUE, SLOW)
    await isOnRecord(['shown: api_key'])
    await open()
    await dana.window.getByRole('button', { name: 'Copy API key' }).click(SLOW)
    const clipboard = (): Promise<string> =>
      dana.app.electron.evaluate(({ clipboard }) => clipboard.readText())
    await expect.poll(clipboard, SLOW).toBe(VALUE)
    await isOnRecord(['copied: api_key', 'shown: api_key'])
  })

  test('T41 a shown value hides itself after its time, and not before', async () => {
    await open()
    const shown = dana.window.locator('.value:not(.masked)')
    await dana.window.getByRole('button', { name: 'Reveal API key' }).click(SLOW)
    await expect(shown).toHaveText(VALUE, SLOW)
    await dana.window.evaluate(() => {
      const since = Date.now()
      Object.assign(window, { at: 0 })
      Date.now = () => since + Reflect.get(window, 'at')
    })
    const after = (ms: number) => dana.window.evaluate((ms) => Object.assign(window, { at: ms }), ms)
    await after(HIDES_AFTER_MS - 3_000)
    await expect(dana.window.getByRole('img', { name: /^hides in [1-3] s/ })).toBeVisible(SLOW)
    await expect(shown).toHaveText(VALUE)
    await after(HIDES_AFTER_MS)
    await expect(shown).toHaveCount(0, SLOW)
    expect(await dana.window.content()).not.toContain(VALUE)
  })

  test('H14 windows that show values or what is signed are kept out of screenshots', async () => {
    const { localApi } = await holding.admin.must('status.get', {})
    const asked = await new LocalApiClient(localApi?.url ?? '').bind({
      application: 'Invoice robot',
      vault: 'llm',
      environment: 'production',
      items: ['openai'],
      lease: { durationMs: 3_600_000 },
      reason: 'Monthly invoices',
      tokenFor: 'any-program',
    })
    expect(asked.ok).toBe(true)
    const openSigning = (): Promise<boolean> =>
      dana.window.evaluate(async () => {
        const list = await window.countersign.call('requests.list', { limit: 10 })
        const request = list.ok ? list.value.rows[0]?.request : undefined
        if (request === undefined) return false
        return (await window.countersign.call('request.openSigning', { request })).ok
      })
    const opened = dana.app.signingWindow()
    await expect.poll(openSigning, SLOW).toBe(true)
    const signing = await opened
    await expect(signing.getByText('Invoice robot').first()).toBeVisible(SLOW)
    const asks = await dana.app.electron.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()
        .filter(({ webContents }) => webContents.getURL().startsWith('https://app.'))
        .map((window) => [
          new URL(window.webContents.getURL()).pathname,
          Reflect.get(window, 'askedToProtect'),
        ]),
    )
    expect(asks.sort()).toEqual([
      ['/renderer/index.html', true],
      ['/renderer/signing.html', true],
    ])
    await signing.close()
  })

  /** Main's clocks of presence, set from here; counts how often main looked. */
  const away = (system: number, app: number): Promise<void> =>
    dana.app.electron.evaluate(
      ({ powerMonitor }, { system, app }) => {
        const { prototype } = Performance
        const looks = { count: 0 }
        Object.assign(globalThis, { looks })
        powerMonitor.getSystemIdleTime = () => {
          looks.count++
          return system / 1000
        }
        // What main remembers of its last input is a time of this clock.
        performance.now = () => prototype.now.call(performance) + app
      },
      { system, app },
    )
  const looks = (): Promise<number> =>
    dana.app.electron.evaluate(() => Reflect.get(globalThis, 'looks').count)

  test('P13 nobody at the machine: it locks after the set time, and not while somebody works elsewhere', async () => {
    await dana.window.evaluate(() =>
      window.countersign.call('settings.set', {
        idleLockMs: 60_000,
        clipboardClearMs: 30_000,
        theme: 'system',
      }),
    )
    await away(59_000, 3_600_000)
    await expect.poll(looks, SLOW).toBeGreaterThan(0)
    // A call made after a lock is answered by the core that follows it.
    const status = await dana.window.evaluate(() => window.countersign.call('status.get', {}))
    expect(status).toMatchObject({ ok: true, value: { phase: 'unlocked' } })
    await away(60_000, 3_600_000)
    await dana.isLocked()
    await away(0, 0)
    await dana.unlock()
  })

  // Suspend and the screen's lock are the story's.
  test('P13 another user’s turn at the machine locks', async () => {
    await dana.app.electron.evaluate(({ powerMonitor }) => {
      powerMonitor.emit('user-did-resign-active')
    })
    await dana.isLocked()
  })
})
