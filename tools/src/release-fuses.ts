import { cp, link, mkdir, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type FuseV1Config, FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses'

/**
 * The switches burnt into the executable of a release: it is no Node interpreter, takes no Node options and no inspector,
 * encrypts its cookies, loads the app from its archive only and checks that archive where the system supports it.
 * Every switch of the runtime is listed; the library counts one that this runtime does not have, and cannot be strict about the rest.
 */
export const RELEASE_FUSES: FuseV1Config = {
  version: FuseVersion.V1,
  strictlyRequireAllFuses: false,
  [FuseV1Options.RunAsNode]: false,
  [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
  [FuseV1Options.EnableNodeCliInspectArguments]: false,
  [FuseV1Options.EnableCookieEncryption]: true,
  [FuseV1Options.EnableEmbeddedAsarIntegrityValidation]: true,
  [FuseV1Options.OnlyLoadAppFromAsar]: true,
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  [FuseV1Options.GrantFileProtocolExtraPrivileges]: false,
}

const linkTree = async (from: string, to: string, skip: (path: string) => boolean): Promise<void> => {
  await mkdir(to, { recursive: true })
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    if (skip(source)) continue
    const target = join(to, entry.name)
    if (entry.isDirectory()) await linkTree(source, target, skip)
    // The same file under another name: the runtime is large, and nothing but its executable changes.
    else await link(source, target).catch(() => cp(source, target))
  }
}

/**
 * Makes a release's runtime beside a development one: its files, the executable under the product's name with `RELEASE_FUSES`,
 * no app. The original is not touched. Returns the executable's path.
 */
export const makeReleaseRuntime = async (executable: string, target: string): Promise<string> => {
  const source = join(executable, '..')
  await linkTree(
    source,
    target,
    (path) => path === executable || (basename(path) === 'app' && basename(join(path, '..')) === 'resources'),
  )
  const released = join(target, process.platform === 'win32' ? 'countersign.exe' : 'countersign')
  await cp(executable, released)
  await flipFuses(released, RELEASE_FUSES)
  return released
}
