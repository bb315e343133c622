import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from '@playwright/test'
import { DesktopApp } from './src/desktop-app.ts'
import { packagedRuntime } from './src/packaged-runtime.ts'
import { tempFolder } from './src/temp-folder.ts'

// What the desktop takes of the system around it, and what it leaves alone: developer tools, the key store.

const folder = tempFolder()
test.afterAll(() => folder.remove())

const startAnd = async <T>(
  options: Omit<Parameters<typeof DesktopApp.start>[0], 'profileDir' | 'tryOut'>,
  profile: string,
  look: (app: DesktopApp, profileDir: string) => Promise<T>,
): Promise<T> => {
  const profileDir = join(folder.path, profile)
  const app = await DesktopApp.start({ profileDir, tryOut: true, ...options })
  try {
    return await look(app, profileDir)
  } finally {
    await app.close()
  }
}

const isPackaged = (app: DesktopApp): Promise<boolean> => app.electron.evaluate(({ app }) => app.isPackaged)
/** Main itself is made to open them, on every window. */
const openTools = (app: DesktopApp): Promise<void> =>
  app.electron.evaluate(({ BrowserWindow }) => {
    for (const { webContents } of BrowserWindow.getAllWindows()) webContents.openDevTools({ mode: 'detach' })
  })
const openedTools = (app: DesktopApp): Promise<number> =>
  app.electron.evaluate(
    ({ BrowserWindow }) =>
      BrowserWindow.getAllWindows().filter(({ webContents }) => webContents.isDevToolsOpened()).length,
  )

test('H12 a packaged build opens no developer tools, where a development build does', async () => {
  const executable = await packagedRuntime(join(folder.path, 'runtime'))
  let took = 0
  await startAnd({}, 'development', async (app) => {
    expect(await isPackaged(app)).toBe(false)
    const asked = performance.now()
    const opens = async (): Promise<number> => {
      // Asked again each time: a window that is still loading may not take it.
      await openTools(app)
      return openedTools(app)
    }
    await expect.poll(opens, { timeout: 30_000 }).toBeGreaterThan(0)
    took = performance.now() - asked
  })
  await startAnd({ executable }, 'packaged', async (app) => {
    expect(await isPackaged(app)).toBe(true)
    await openTools(app)
    // Twice as long as they take where they open.
    await sleep(2 * took)
    expect(await openedTools(app)).toBe(0)
  })
})

test('H13 a key store that is a fixed password is not used: the device key lies in its 0600 file as it is', async () => {
  const preload = join(folder.path, 'basic-text.cjs')
  // Whatever the desktop of this machine has, Electron now says that it can encrypt, with its fixed password.
  writeFileSync(
    preload,
    `const { app, safeStorage } = require('electron')
     app.once('ready', () => safeStorage.setUsePlainTextEncryption(true))`,
  )
  await startAnd(
    { switches: ['-r', preload, '--password-store=basic'] },
    'basic',
    async (app, profileDir) => {
      const store = await app.electron.evaluate(({ safeStorage }) => ({
        says: safeStorage.isEncryptionAvailable(),
        backend: safeStorage.getSelectedStorageBackend(),
      }))
      expect(store).toEqual({ says: true, backend: 'basic_text' })
      const file = join(profileDir, 'installation.json')
      await expect.poll(() => statSync(file, { throwIfNoEntry: false })?.isFile() ?? false).toBe(true)
      expect(statSync(file).mode & 0o777).toBe(0o600)
      const { deviceSecret } = JSON.parse(readFileSync(file, 'utf8'))
      expect(deviceSecret.wrapped).toBe(false)
      // 32 bytes and no envelope around them.
      expect(Buffer.from(deviceSecret.bytes, 'base64')).toHaveLength(32)
    },
  )
})

test('P14 a system that has a key store by the next start takes the device key into it, and gives it back', async () => {
  const profile = 'key-store'
  const file = join(folder.path, profile, 'installation.json')
  const kept = () => JSON.parse(readFileSync(file, 'utf8'))
  const deviceKeyOf = (app: DesktopApp) =>
    app.window.evaluate(async () => {
      const result = await window.countersign.call('status.get', {})
      return result.ok ? result.value.deviceKey : result.error.code
    })
  await startAnd({}, profile, async (app) => {
    await expect.poll(() => deviceKeyOf(app)).toBe('file')
  })
  const before = kept()
  const preload = join(folder.path, 'key-store.cjs')
  // This machine has no key ring: Electron encrypts with its fixed password and is made to say that the backend is a real one.
  writeFileSync(
    preload,
    `const { app, safeStorage } = require('electron')
     app.once('ready', () => {
       safeStorage.setUsePlainTextEncryption(true)
       safeStorage.getSelectedStorageBackend = () => 'gnome_libsecret'
     })`,
  )
  const switches = ['-r', preload, '--password-store=basic']
  for (const start of ['moves it there', 'finds it there'])
    await startAnd({ switches }, profile, async (app) => {
      await expect.poll(() => deviceKeyOf(app), start).toBe('key-store')
    })
  const after = kept()
  expect(after).toMatchObject({ device: before.device, deviceSecret: { wrapped: true } })
  const bytes = Buffer.from(before.deviceSecret.bytes, 'base64')
  expect(readFileSync(file).includes(bytes)).toBe(false)
  expect(Buffer.from(after.deviceSecret.bytes, 'base64').length).toBeGreaterThan(32)
  expect(JSON.stringify(after)).not.toContain(before.deviceSecret.bytes)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  // Where the key store is gone again, the app says so, and makes no other key in its place.
  await startAnd({}, profile, async (app) => {
    await expect(app.window.getByRole('heading', { name: 'Countersign cannot start' })).toBeVisible()
    await expect(app.window.getByText('does not give back this installation’s device key')).toBeVisible()
  })
  expect(kept()).toEqual(after)
})

test('a damaged installation file is said in the window, with what to do, and the app goes on once it is put right', async () => {
  const profile = 'damaged'
  const file = join(folder.path, profile, 'installation.json')
  await startAnd({}, profile, async (app) => {
    await expect(app.window.getByRole('heading').first()).toBeVisible()
  })
  const whole = readFileSync(file)
  const cut = whole.subarray(0, whole.length / 2)
  writeFileSync(file, cut)
  await startAnd({}, profile, async (app) => {
    const { window } = app
    await expect(window.getByRole('heading', { name: 'Countersign cannot start' })).toBeVisible()
    await expect(window.getByText('installation.corrupt')).toBeVisible()
    await window.getByRole('button', { name: 'Try again' }).click()
    await expect(window.getByText('installation.corrupt')).toBeVisible()
    expect(readFileSync(file)).toEqual(cut)
    writeFileSync(file, whole)
    await expect(window.getByText('installation.corrupt')).toBeHidden({ timeout: 20_000 })
    await expect(window.getByRole('heading').first()).toBeVisible()
  })
})
