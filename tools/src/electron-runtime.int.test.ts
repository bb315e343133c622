import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { _electron } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Display, openDisplay } from './display.ts'
import { type ElectronRuntime, electronSwitches, prepareElectron } from './electron-runtime.ts'
import { installSystemLibraries } from './system-libraries.ts'

const app = `
import { app, BrowserWindow } from 'electron'
app.whenReady().then(() => {
  const window = new BrowserWindow({ webPreferences: { sandbox: true, contextIsolation: true } })
  window.loadURL('data:text/html,<title>small app</title><p>ready</p>')
})
`

let runtime: ElectronRuntime
let display: Display
let folder: string

beforeAll(async () => {
  await installSystemLibraries()
  runtime = await prepareElectron()
  display = await openDisplay()
  folder = await mkdtemp(join(tmpdir(), 'countersign-app-'))
  const manifest = { name: 'small-app', version: '4.5.6', type: 'module', main: 'main.js' }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'main.js'), app)
}, 15 * 60_000)

afterAll(async () => {
  await display?.close()
  await rm(folder, { recursive: true, force: true })
})

test('the prepared Electron runs an app folder in a window, under its own name and version', async () => {
  const profile = join(folder, 'profile')
  const running = await _electron.launch({
    executablePath: runtime.executable,
    timeout: 30_000,
    args: [...electronSwitches(), `--user-data-dir=${profile}`, folder, 'one', '--two'],
    env: Object.fromEntries(
      Object.entries(display.env).filter((pair): pair is [string, string] => pair[1] !== undefined),
    ),
  })
  try {
    const page = await running.firstWindow()
    expect(await page.textContent('p')).toBe('ready')
    const seen = await running.evaluate(({ app }) => ({
      name: app.name,
      version: app.getVersion(),
      path: app.getAppPath(),
      profile: app.getPath('userData'),
      packaged: app.isPackaged,
      electron: process.versions.electron,
      given: process.argv.slice(-2),
    }))
    expect(seen).toEqual({
      name: 'small-app',
      version: '4.5.6',
      path: folder,
      profile,
      packaged: false,
      electron: runtime.version,
      given: ['one', '--two'],
    })
  } finally {
    await running.close()
  }
})

test('preparing again finds the same runtime and needs no program to fetch one', async () => {
  const path = process.env.PATH
  process.env.PATH = ''
  try {
    expect(await prepareElectron()).toEqual(runtime)
  } finally {
    process.env.PATH = path
  }
})
