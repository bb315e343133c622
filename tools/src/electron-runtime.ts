import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadOfficialElectron, installedOfficialElectron } from './electron-official.ts'
import {
  preparedSubstitute,
  prepareSubstitute,
  SUBSTITUTE_VERSION,
  substituteFits,
} from './electron-substitute.ts'
import { progress } from './progress.ts'
import { ToolError } from './tool-error.ts'

export interface ElectronRuntime {
  /** Absolute path: run it as `executable [switches] APP_FOLDER [arguments]`. */
  executable: string
  /** `official`: the `electron` package's own; `substitute`: an older Electron prepared from the npm registry. */
  kind: 'official' | 'substitute'
  version: string
}

/** Switches that must stand before the app's folder: Chromium refuses to run its sandbox as root. */
export const electronSwitches = (): string[] => (process.getuid?.() === 0 ? ['--no-sandbox'] : [])

async function given(folder: string): Promise<ElectronRuntime> {
  const executable = join(folder, process.platform === 'win32' ? 'electron.exe' : 'electron')
  if (!(await stat(executable).catch(() => undefined))?.isFile()) {
    throw new ToolError(
      'electron.unavailable',
      `ELECTRON_OVERRIDE_DIST_PATH names ${folder}, which has no electron`,
    )
  }
  const version = (await readFile(join(folder, 'version'), 'utf8')).trim().replace(/^v/, '')
  return { executable, kind: 'official', version }
}

/**
 * The Electron that development and tests run on. In this order: the folder in `ELECTRON_OVERRIDE_DIST_PATH`, the
 * `electron` package's own download if it is there, the substitute if it was prepared before, the official download
 * if its host can be reached, and else the substitute. Fast when there is nothing to fetch; progress goes to stderr.
 *
 * @throws ToolError with what to do when no runtime can be had here
 */
export async function prepareElectron(): Promise<ElectronRuntime> {
  const folder = process.env.ELECTRON_OVERRIDE_DIST_PATH
  if (folder) return given(folder)

  const installed = installedOfficialElectron()
  if (installed) return { ...installed, kind: 'official' }

  const prepared = substituteFits() ? await preparedSubstitute() : undefined
  if (prepared) return { executable: prepared, kind: 'substitute', version: SUBSTITUTE_VERSION }

  const downloaded = await downloadOfficialElectron()
  if (downloaded) return { ...downloaded, kind: 'official' }

  if (!substituteFits()) {
    throw new ToolError(
      'electron.unavailable',
      "Electron's download host cannot be reached, and there is no substitute for this system. Set " +
        'ELECTRON_MIRROR to a mirror, or ELECTRON_OVERRIDE_DIST_PATH to an unpacked Electron, and try again.',
    )
  }
  progress("Electron's download host cannot be reached: preparing a substitute for development and tests.")
  return { executable: await prepareSubstitute(), kind: 'substitute', version: SUBSTITUTE_VERSION }
}
