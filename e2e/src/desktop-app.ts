import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { electronSwitches, prepareElectron } from '@countersign/tools/electron-runtime'
import { _electron, type ElectronApplication, type Page } from 'playwright'

const playwright = createRequire(import.meta.url).resolve('playwright/package.json')

/**
 * Playwright's own preload: it holds the app's `ready` until Playwright is attached. Playwright passes it only when it picks the
 * executable itself; without it a window that opens while Playwright connects can leave the launch hanging.
 */
const LOADER = join(
  dirname(createRequire(playwright).resolve('playwright-core/package.json')),
  'lib/server/electron/loader.js',
)
const APP = fileURLToPath(new URL('../../apps/desktop', import.meta.url))

export interface DesktopOptions {
  profileDir: string
  /** Software keys inside the core; without it, ceremonies happen in the ceremony window. */
  tryOut?: boolean
  /** Switches of Chromium, before the app's folder. */
  switches?: string[]
  /** Whatever else it is started with, after the app's folder. */
  arguments?: string[]
  /** Another Electron than the prepared one. */
  executable?: string
  /** Another folder than the built app's. */
  folder?: string
}

const windowAt = async (app: ElectronApplication, matches: (url: string) => boolean): Promise<Page> => {
  const open = app.windows().find((page) => matches(page.url()))
  return open ?? app.waitForEvent('window', { predicate: (page) => matches(page.url()), timeout: 20_000 })
}

/** The desktop app as built, in a real Electron, with a profile of its own. */
export class DesktopApp {
  readonly electron: ElectronApplication
  readonly window: Page
  /** Waits hidden on an empty page between ceremonies. */
  readonly ceremony: Page
  /** What main, core and Chromium wrote. */
  readonly output: string[]

  private constructor(electron: ElectronApplication, window: Page, ceremony: Page, output: string[]) {
    this.electron = electron
    this.window = window
    this.ceremony = ceremony
    this.output = output
  }

  static async start({
    profileDir,
    tryOut = false,
    switches = [],
    arguments: given = [],
    executable,
    folder = APP,
  }: DesktopOptions): Promise<DesktopApp> {
    const env: Record<string, string> = {}
    for (const [name, value] of Object.entries(process.env))
      if (value !== undefined && name !== 'ELECTRON_RUN_AS_NODE' && !name.startsWith('COUNTERSIGN_'))
        env[name] = value
    const electron = await _electron.launch({
      executablePath: executable ?? (await prepareElectron()).executable,
      args: [
        ...electronSwitches(),
        '-r',
        LOADER,
        ...switches,
        folder,
        '--profile',
        profileDir,
        ...(tryOut ? ['--try-out'] : []),
        ...given,
      ],
      env,
      timeout: 30_000,
    })
    const output: string[] = []
    electron.process().stdout?.on('data', (chunk) => output.push(String(chunk)))
    electron.process().stderr?.on('data', (chunk) => output.push(String(chunk)))
    const window = await windowAt(electron, (url) => url.startsWith('https://app.'))
    const ceremony = await windowAt(electron, (url) => url === 'about:blank')
    return new DesktopApp(electron, window, ceremony, output)
  }

  /** The signing window, when the app has opened it. */
  signingWindow(): Promise<Page> {
    return windowAt(this.electron, (url) => url.endsWith('/signing.html'))
  }

  close(): Promise<void> {
    return this.electron.close()
  }
}
