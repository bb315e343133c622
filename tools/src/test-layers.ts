import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { cacheFolder } from './cache-folder.ts'
import { openDisplay } from './display.ts'
import { prepareElectron } from './electron-runtime.ts'
import { repository } from './repository.ts'
import { installSystemLibraries } from './system-libraries.ts'
import { judge, playwrightCounts, type TestCounts, vitestCounts } from './test-counts.ts'

export const STATIC_LAYERS = ['types', 'lint', 'boundaries'] as const
export const TEST_LAYERS = ['unit', 'prop', 'fuzz', 'sim', 'int', 'e2e'] as const
export type StaticLayer = (typeof STATIC_LAYERS)[number]
export type TestLayer = (typeof TEST_LAYERS)[number]
export type Layer = StaticLayer | TestLayer
export const LAYERS: readonly Layer[] = [...STATIC_LAYERS, ...TEST_LAYERS]

export interface LayerResult {
  layer: Layer
  ms: number
  /** Why the layer failed, in a few words; absent when it passed. */
  reason?: string
  /** Absent for the layers that run no tests of their own. */
  counts?: TestCounts
}

/** Which commands a static layer consists of; all must succeed. */
const STATIC_COMMANDS: Record<StaticLayer, string[][]> = {
  types: ['tsconfig.json', 'tsconfig.browser.json', 'tsconfig.e2e.json'].map((file) => [
    'tsc',
    '--noEmit',
    '-p',
    file,
  ]),
  lint: [['biome', 'check', '--error-on-warnings', '.']],
  boundaries: [
    [
      'depcruise',
      '--config',
      '.dependency-cruiser.cjs',
      'apps',
      'packages',
      'tools',
      'e2e',
      'bench',
      'attacks',
      'fuzz',
      'sim',
    ],
    ['node', join(repository, 'tools/src/rule-titles.ts')],
  ],
}

interface RunOptions {
  cwd?: string
  env?: NodeJS.ProcessEnv
}

/** Runs one of the repository's own programs, its output passed through or collected, and resolves to its status. */
function run(command: string[], collect: ((text: string) => void) | undefined, options: RunOptions = {}) {
  const [name = '', ...args] = command
  const cwd = options.cwd ?? repository
  return new Promise<number>((resolve) => {
    const child = spawn(name, args, {
      cwd,
      env: withPrograms(cwd, options.env ?? process.env),
      stdio: collect ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    child.stdout?.setEncoding('utf8').on('data', (text: string) => collect?.(text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => collect?.(text))
    child.once('error', (error) => {
      const line = `${name} could not be started: ${error.message}\n`
      if (collect) collect(line)
      else process.stderr.write(line)
      resolve(127)
    })
    child.once('close', (status) => resolve(status ?? 1))
  })
}

/** The workspace's and the root's programs first, Node 24 among them, also when not started by a package script. */
function withPrograms(cwd: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const folders = [...new Set([cwd, repository])].map((folder) => join(folder, 'node_modules/.bin'))
  return { ...env, PATH: [...folders, env.PATH ?? ''].join(':') }
}

/** Runs a layer that reads the sources only. Its output is returned, so that several can run at once. */
export async function runStaticLayer(layer: StaticLayer): Promise<LayerResult & { output: string }> {
  const started = performance.now()
  let output = ''
  const failures: string[] = []
  for (const command of STATIC_COMMANDS[layer]) {
    const status = await run(command, (text) => {
      output += text
    })
    if (status !== 0) failures.push(command.join(' '))
  }
  const result = { layer, ms: performance.now() - started, output }
  return failures.length > 0 ? { ...result, reason: failures.join('; ') } : result
}

/**
 * Runs a layer of tests; its output goes to the terminal.
 *
 * @param reports a folder for the runner's machine-readable report
 * @param filters handed to the runner as they are: parts of file names, or its own options
 */
export async function runTestLayer(
  layer: TestLayer,
  reports: string,
  filters: string[],
): Promise<LayerResult> {
  const started = performance.now()
  const file = join(reports, `${layer}.json`)
  const outcome = await attempt(layer, file, filters).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return { passed: 0, failed: 1, skipped: 0, reason: 'could not be set up' }
  })
  const { reason, ...counts } = outcome
  const result = { layer, ms: performance.now() - started, counts }
  return reason === undefined ? result : { ...result, reason }
}

async function attempt(layer: TestLayer, file: string, filters: string[]): Promise<ReturnType<typeof judge>> {
  if (layer === 'e2e') return endToEnd(file, filters)
  // Integration tests open real browsers and windows.
  if (layer === 'int') await installSystemLibraries()
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  // Fuzzing is led by coverage, which is less exact in code from a cache.
  const env = layer === 'fuzz' ? process.env : await withCompiledCode()
  const status = await run(['vitest', 'run', '--project', layer, ...reporters, ...filters], undefined, {
    env,
  })
  return judge(vitestCounts(file), status)
}

/** The hundreds of programs that tests start share what V8 has compiled: a third less processor time for most of them. */
async function withCompiledCode(): Promise<NodeJS.ProcessEnv> {
  return { ...process.env, NODE_COMPILE_CACHE: join(await cacheFolder(), 'compiled') }
}

async function endToEnd(file: string, filters: string[]): Promise<ReturnType<typeof judge>> {
  await installSystemLibraries()
  const electron = await prepareElectron()
  console.log(`Electron ${electron.version} (${electron.kind})`)
  const built = await run(['electron-vite', 'build'], undefined, { cwd: join(repository, 'apps/desktop') })
  if (built !== 0) return { passed: 0, failed: 1, skipped: 0, reason: 'apps/desktop could not be built' }
  const display = await openDisplay()
  try {
    const env = { ...(await withCompiledCode()), ...display.env, PLAYWRIGHT_JSON_OUTPUT_FILE: file }
    const status = await run(['playwright', 'test', ...filters], undefined, {
      cwd: join(repository, 'e2e'),
      env,
    })
    return judge(playwrightCounts(file), status)
  } finally {
    await display.close()
  }
}
