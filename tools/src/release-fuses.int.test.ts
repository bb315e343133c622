import { execFile, spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPackage } from '@electron/asar'
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Display, openDisplay } from './display.ts'
import { electronSwitches, prepareElectron } from './electron-runtime.ts'
import { makeReleaseRuntime, RELEASE_FUSES } from './release-fuses.ts'
import { installSystemLibraries } from './system-libraries.ts'

let development: string
let released: string
let folder: string
let display: Display

/** Says what the runtime let through, and ends. */
const PROBE = `
const { app } = require('electron')
process.stdout.write(JSON.stringify({ required: globalThis.required === true, packaged: app.isPackaged, path: app.getAppPath() }) + '\\n')
app.exit(0)
`

interface Run {
  stdout: string
  stderr: string
}

const run = (executable: string, args: string[], env: Record<string, string> = {}): Promise<Run> =>
  new Promise((resolve) => {
    execFile(
      executable,
      args,
      { env: { ...display.env, ...env }, timeout: 20_000, killSignal: 'SIGKILL' },
      (_error, stdout, stderr) => resolve({ stdout, stderr }),
    )
  })

beforeAll(async () => {
  await installSystemLibraries()
  development = (await prepareElectron()).executable
  display = await openDisplay()
  folder = await mkdtemp(join(tmpdir(), 'countersign-release-'))
  released = await makeReleaseRuntime(development, join(folder, 'runtime'))
  const app = join(folder, 'app')
  await mkdir(app)
  await writeFile(join(app, 'package.json'), JSON.stringify({ name: 'probe', main: 'main.js' }))
  await writeFile(join(app, 'main.js'), PROBE)
  await createPackage(app, join(folder, 'runtime', 'resources', 'app.asar'))
  await writeFile(join(folder, 'preload.cjs'), 'globalThis.required = true')
}, 10 * 60_000)

afterAll(async () => {
  await display?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('the fuses of a release, on a copy of the runtime', () => {
  it('F1 are set as listed, and the original is as it was', async () => {
    const wire = await getCurrentFuseWire(released)
    const { version, strictlyRequireAllFuses, ...listed } = RELEASE_FUSES
    // Each switch that this runtime has, by its number in the executable.
    const options = Object.keys(wire).map(Number).filter(Number.isInteger)
    expect(options).toEqual(Object.keys(listed).map(Number))
    for (const [option, on] of Object.entries(listed))
      expect(Reflect.get(wire, option), FuseV1Options[Number(option)]).toBe(
        on ? FuseState.ENABLE : FuseState.DISABLE,
      )
    expect((await getCurrentFuseWire(development))[FuseV1Options.RunAsNode]).toBe(FuseState.ENABLE)
  })

  it('F2 the release runs its archive, as a packaged app', async () => {
    const { stdout } = await run(released, electronSwitches())
    expect(JSON.parse(stdout)).toMatchObject({ packaged: true, path: expect.stringMatching(/app\.asar$/) })
  })

  it('F3 it is no Node interpreter, where the development runtime is one', async () => {
    const script = ['-e', 'process.stdout.write("ran as node")']
    const env = { ELECTRON_RUN_AS_NODE: '1' }
    expect((await run(development, script, env)).stdout).toBe('ran as node')
    expect((await run(released, [...electronSwitches(), ...script], env)).stdout).not.toContain('ran as node')
  })

  it('F4 NODE_OPTIONS loads nothing into it', async () => {
    const { stdout } = await run(released, electronSwitches(), {
      NODE_OPTIONS: `--require ${join(folder, 'preload.cjs')}`,
    })
    expect(JSON.parse(stdout)).toMatchObject({ required: false })
  })

  it('F5 --inspect opens no debugger', async () => {
    const { stderr } = await run(released, [...electronSwitches(), '--inspect=0'])
    expect(stderr).not.toContain('Debugger listening')
  })

  it('F6 an app folder put beside or in place of the archive is not loaded', async () => {
    const planted = join(folder, 'runtime', 'resources', 'app')
    await mkdir(planted)
    await writeFile(join(planted, 'package.json'), JSON.stringify({ name: 'planted', main: 'main.js' }))
    await writeFile(
      join(planted, 'main.js'),
      'process.stdout.write("planted"); require("electron").app.exit(0)',
    )
    expect((await run(released, electronSwitches())).stdout).not.toContain('planted')
    await rm(join(folder, 'runtime', 'resources', 'app.asar'))
    const child = spawn(released, electronSwitches(), {
      env: display.env,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += String(chunk)
    })
    await new Promise<void>((resolve) => {
      const late = setTimeout(() => child.kill('SIGKILL'), 5_000)
      child.once('exit', () => {
        clearTimeout(late)
        resolve()
      })
    })
    expect(stdout).not.toContain('planted')
  })
})
