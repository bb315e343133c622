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
