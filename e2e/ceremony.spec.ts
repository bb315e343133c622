import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { DesktopApp } from './src/desktop-app.ts'
import { tempFolder } from './src/temp-folder.ts'
import { VirtualKey, type VirtualKeyOptions } from './src/virtual-key.ts'

// Ceremonies as people meet them in the app, in a real Electron: each way they can be refused, and what is left afterwards.

const folder = tempFolder()
let app: DesktopApp
let plugged: VirtualKey[] = []

test.beforeAll(async () => {
  app = await DesktopApp.start({ profileDir: join(folder.path, 'profile') })
})
test.afterAll(async () => {
  await app.close()
  folder.remove()
})
test.beforeEach(async () => {
  await app.window.evaluate(() => window.countersign.call('setup.reset', {}))
})
test.afterEach(async () => {
  for (const key of plugged) await key.unplug()
  plugged = []
  // Whatever happened, the window is empty again and out of sight.
  await expect.poll(() => app.ceremony.url()).toBe('about:blank')
  await expect.poll(ceremonyVisible).toBe(false)
})

const plugIn = async (options: Partial<VirtualKeyOptions> = {}): Promise<VirtualKey> => {
  const cdp = await app.ceremony.context().newCDPSession(app.ceremony)
  const key = await VirtualKey.plugIn(cdp, { prf: 'prf', ...options })
  plugged.push(key)
  return key
}

const ceremonyVisible = (): Promise<boolean> =>
  app.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows().some(
      (window) => !window.webContents.getURL().startsWith('https://app.') && window.isVisible(),
    ),
  )

const enrol = (label: string): Promise<string> =>
  app.window.evaluate(async (label) => {
    const result = await window.countersign.call('setup.enrolKey', { label })
    return result.ok ? `${result.value.keys.length} enrolled` : result.error.code
  }, label)

const waitingForTouch = () =>
  expect(app.ceremony.getByRole('heading', { name: 'Touch your security key' })).toBeVisible()

test('P21 a key is enrolled with a touch to create and a touch to confirm', async () => {
  await plugIn()
  expect(await enrol('Blue key')).toBe('1 enrolled')
})

test('P21 the same key twice is refused', async () => {
  await plugIn()
  expect(await enrol('Blue key')).toBe('1 enrolled')
  expect(await enrol('Blue key again')).toBe('authenticator.already_enrolled')
})

test('P21 a key without PRF cannot open anything and is refused', async () => {
  await plugIn({ prf: 'none' })
  expect(await enrol('Old key')).toBe('authenticator.no_prf')
})

test('P21 a credential that is copied to other machines is refused', async () => {
  await plugIn({ backupEligible: true })
  expect(await enrol('Synced passkey')).toBe('authenticator.backup_eligible')
})

test('P9 neither PIN nor finger: refused', async () => {
  await plugIn({ userVerified: false })
  expect(await enrol('Blue key')).toBe('authenticator.user_not_verified')
})

test('P9 the ceremony says what it is for, and its button cancels', async () => {
  const key = await plugIn()
  await key.touch(false)
  const answer = enrol('Blue key')
  await waitingForTouch()
  await expect(app.ceremony.getByText('Blue key')).toBeVisible()
  await app.ceremony.getByRole('button', { name: 'Cancel' }).click()
  expect(await answer).toBe('authenticator.cancelled')
})

test('P9 closing the window cancels', async () => {
  const key = await plugIn()
  await key.touch(false)
  const answer = enrol('Blue key')
  await waitingForTouch()
  await app.electron.evaluate(({ BrowserWindow }) => {
    for (const window of BrowserWindow.getAllWindows())
      if (window.webContents.getURL().startsWith('https://unlock.')) window.close()
  })
  expect(await answer).toBe('authenticator.cancelled')
})

test('P9 one at a time: a second ceremony while one waits is refused', async () => {
  const key = await plugIn()
  await key.touch(false)
  const first = enrol('Blue key')
  await waitingForTouch()
  expect(await enrol('Green key')).toMatch(/^(authenticator\.cancelled|setup\.)/)
  await app.ceremony.getByRole('button', { name: 'Cancel' }).click()
  expect(await first).toBe('authenticator.cancelled')
})

test('P13 a lock in the middle ends the ceremony with its core', async () => {
  const key = await plugIn()
  await key.touch(false)
  // The page that asked goes with the lock: it may hear of it just before.
  const answer = enrol('Blue key').catch(() => 'gone')
  await waitingForTouch()
  await app.electron.evaluate(({ powerMonitor }) => {
    powerMonitor.emit('lock-screen')
  })
  expect(await answer).toMatch(/^(core\.locked|gone)$/)
  await expect.poll(() => app.ceremony.url()).toBe('about:blank')
  const enrolled = (): Promise<number> =>
    app.window.evaluate(async () => {
      const state = await window.countersign.call('setup.state', {})
      return state.ok ? state.value.keys.length : -1
    })
  // The page is being replaced meanwhile.
  await expect.poll(() => enrolled().catch(() => -1)).toBe(0)
})

test('P9 the ceremony window has no bridge to main or core, and no way to the app', async () => {
  const key = await plugIn()
  await key.touch(false)
  const answer = enrol('Blue key')
  await waitingForTouch()
  const seen = await app.ceremony.evaluate(async () => ({
    bridge: 'countersign' in window,
    node: ['process', 'require', 'electron'].filter((name) => name in window),
    app: await fetch('https://app.countersign.invalid/renderer/index.html', { mode: 'no-cors' }).then(
      () => 'reached',
      () => 'refused',
    ),
    opened: window.open('https://example.com/') !== null,
  }))
  expect(seen).toEqual({ bridge: false, node: [], app: 'refused', opened: false })
  await app.ceremony.getByRole('button', { name: 'Cancel' }).click()
  await answer
})
