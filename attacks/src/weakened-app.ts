import { cp, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Edit } from './attack.ts'
import { elsewhere } from './elsewhere.ts'
import { repository, weaken } from './weakening.ts'

// `node attacks/src/weakened-app.ts FOLDER REF…`: makes in the folder a copy of the built desktop app that lacks what the controls of the
// rows do without. The pieces are taken out of the source while the shipped configuration builds it; Electron is then started on the copy.

const DESKTOP = join(repository, 'apps/desktop')
const CORE = 'apps/desktop/src/core/'

/** What is used of electron-vite and vite, which are the desktop's and not of this workspace. */
interface BuildConfig {
  build: { rolldownOptions: { input: Record<string, string> }; emptyOutDir?: boolean }
}
interface Builders {
  resolveConfig(
    inline: object,
    command: 'build',
    mode: 'production',
  ): Promise<{ config: Record<'main' | 'preload', BuildConfig> }>
  build(config: BuildConfig): Promise<unknown>
}

const desktopsOwn = async <T>(name: string): Promise<T> =>
  import(pathToFileURL(createRequire(join(DESKTOP, 'package.json')).resolve(name)).href)

const build = async (edits: readonly Edit[], outDir: string): Promise<void> => {
  const { resolveConfig } = await desktopsOwn<Builders>('electron-vite')
  const { build } = await desktopsOwn<Builders>('vite')
  const left = new Set(edits)
  const weakening = {
    name: 'countersign-weakening',
    enforce: 'pre',
    transform(code: string, id: string) {
      const here = edits.filter(({ file }) => id === join(repository, file))
      for (const edit of here) left.delete(edit)
      return here.length === 0 ? null : { code: here.reduce(weaken, code), map: null }
    },
  }
  const { config } = await resolveConfig(
    {
      root: DESKTOP,
      configFile: join(DESKTOP, 'electron.vite.config.ts'),
      logLevel: 'error',
      build: { outDir },
      plugins: [weakening],
    },
    'build',
    'production',
  )
  // The core is a large program, and most guards of windows are not in it: then it stays the one that was built.
  const { input } = config.main.build.rolldownOptions
  if (!edits.some(({ file }) => file.startsWith(CORE))) delete input.core
  for (const part of [config.main, config.preload]) {
    part.build.emptyOutDir = false
    await build(part)
  }
  if (left.size > 0)
    throw new Error(`never built, so nothing is weakened: ${[...left].map(({ file }) => file).join(', ')}`)
}

const [folder, ...refs] = process.argv.slice(2)
const rows = refs.map((ref) => elsewhere.find((each) => each.ref === ref))
if (folder === undefined || rows.length === 0 || rows.includes(undefined)) {
  const known = elsewhere.map((each) => each.ref).join(' ')
  throw new Error(`usage: weakened-app.ts FOLDER REF…, with some of ${known}`)
}
// Rows may share a guard: by identity, as `shell-guards.ts` has each once.
const edits = [...new Set(rows.flatMap((row) => row?.weakened.edits ?? []))]
// As the shipped build does: what stays outside the bundle is read from the package in the working directory.
process.chdir(DESKTOP)
await cp(join(DESKTOP, 'out'), join(folder, 'out'), { recursive: true })
await cp(join(DESKTOP, 'package.json'), join(folder, 'package.json'))
await symlink(join(DESKTOP, 'node_modules'), join(folder, 'node_modules'))
await build(edits, join(folder, 'out'))
